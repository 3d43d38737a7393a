import type { Catalogue } from '../catalogue.ts'
import { AlexaFailure } from '../failure.ts'
import { type Call, responseGroups, wholeNumber } from '../request.ts'
import type { Elements } from '../xml.ts'

const COUNT_MAX = 1_000
const START_MAX = 100_000

const countryNames = new Intl.DisplayNames('en', { type: 'region', fallback: 'none' })

/** `Action=TopSites` of Alexa Top Sites: the first sites of all, or of a country. @throws AlexaFailure @throws QueryFailed */
export async function topSites(call: Call, catalogue: Catalogue): Promise<Elements> {
  const groups = responseGroups(call, { Country: ['Country'], ListCountries: ['ListCountries'] })
  return {
    TopSites: groups.has('ListCountries') ? await countries(catalogue) : await sitesOf(call, catalogue),
  }
}

async function countries(catalogue: Catalogue): Promise<Elements> {
  const places = [...(await catalogue.places())].filter(([scope]) => /^[A-Z]{2}$/.test(scope))
  const listed = places.map(([code, sites]) => ({ Name: nameOf(code), Code: code, TotalSites: sites }))
  return { Countries: listed.length === 0 ? '' : { Country: listed } }
}

async function sitesOf(call: Call, catalogue: Catalogue): Promise<Elements> {
  const country = call.asked.get('CountryCode') ?? ''
  if (!/^([A-Z]{2})?$/.test(country))
    throw new AlexaFailure(
      'InvalidParameterValue',
      'CountryCode has to be two capitals as BR, or empty for the world.',
    )
  const start = wholeNumber(call, 'Start', { least: 1, most: START_MAX, unless: 1 })
  const count = wholeNumber(call, 'Count', { least: 1, most: COUNT_MAX, unless: 100 })
  const [places, upTo] = await Promise.all([
    catalogue.places(),
    catalogue.top(start + count - 1, country === '' ? {} : { country }),
  ])
  const sites = upTo.slice(start - 1)
  const global = await catalogue.ranks(sites.map(({ site }) => site))
  const listed = sites.map((one) => ({
    DataUrl: one.site,
    Country: {
      Rank: one.rank,
      Reach: { PerMillion: one.reachPerMillion },
      PageViews: { PerMillion: one.pageViewsPerMillion, PerUser: one.pageViewsPerVisitor },
    },
    Global: { Rank: global.get(one.site) },
  }))
  return {
    Country: {
      CountryName: country === '' ? 'Global' : nameOf(country),
      CountryCode: country === '' ? '*' : country,
      TotalSites: places.get(country) ?? 0,
      Sites: listed.length === 0 ? '' : { Site: listed },
    },
  }
}

function nameOf(code: string): string {
  return countryNames.of(code) ?? code
}
