import type { Catalogue } from '../catalogue.ts'
import { AlexaFailure } from '../failure.ts'
import { type Call, required, responseGroups, trueOrFalse, wholeNumber } from '../request.ts'
import type { Elements } from '../xml.ts'

/** Sites of a category that are looked at. */
const LISTED_MAX = 1_000

/** `Action=CategoryBrowse`: the categories right below one, of those configured. @throws AlexaFailure @throws QueryFailed */
export async function categoryBrowse(call: Call, catalogue: Catalogue): Promise<Elements> {
  const none = { RelatedCategories: '', LanguageCategories: '', LetterBars: '' }
  const groups = responseGroups(call, {
    Categories: ['Categories'],
    RelatedCategories: ['RelatedCategories'],
    LanguageCategories: ['LanguageCategories'],
    LetterBars: ['LetterBars'],
  })
  const path = pathOf(call, catalogue)
  trueOrFalse(call, 'Descriptions', true)
  const places = await catalogue.places()
  const sitesBelow = (category: string) =>
    below(category, catalogue).reduce((sum, name) => sum + (places.get(`category:${name}`) ?? 0), 0)
  const children = [...new Set(below(path, catalogue).flatMap((name) => childOf(path, name)))]
  const listed = children.map((name) => ({
    Path: `Top/${name}`,
    Title: name.split('/').at(-1) ?? name,
    SubCategoryCount: below(name, catalogue).filter((other) => other !== name).length,
    TotalListingCount: sitesBelow(name),
  }))
  const others = Object.entries(none).filter(([name]) => groups.has(name))
  return {
    CategoryBrowse: {
      ...(groups.has('Categories') && { Categories: listed.length === 0 ? '' : { Category: listed } }),
      ...Object.fromEntries(others),
    },
  }
}

/** `Action=CategoryListings`: the sites of a category, best first. @throws AlexaFailure @throws QueryFailed */
export async function categoryListings(call: Call, catalogue: Catalogue): Promise<Elements> {
  responseGroups(call, { Listings: ['Listings'] })
  const path = pathOf(call, catalogue)
  const sortBy = call.asked.get('SortBy') ?? 'Popularity'
  if (!['Popularity', 'Title', 'AverageReview'].includes(sortBy))
    throw new AlexaFailure('InvalidParameterValue', 'SortBy has to be Popularity, Title or AverageReview.')
  const start = wholeNumber(call, 'Start', { least: 0, most: 100_000, unless: 0 })
  const count = wholeNumber(call, 'Count', { least: 1, most: 20, unless: 20 })
  trueOrFalse(call, 'Descriptions', true)
  const names = trueOrFalse(call, 'Recursive', true) ? below(path, catalogue) : [path]
  const tops = await Promise.all(names.map((category) => catalogue.top(LISTED_MAX, { category })))
  const sites = [...new Set(tops.flat().map(({ site }) => site))]
  const global = await catalogue.ranks(sites)
  const rank = (site: string) => global.get(site) ?? Number.POSITIVE_INFINITY
  sites.sort((a, b) => (sortBy === 'Title' ? 0 : rank(a) - rank(b)) || (a < b ? -1 : 1))
  const listed = sites.slice(start, start + count).map((site) => ({
    DataUrl: { '@type': 'navigable', '#text': `http://${site}/` },
    Title: site,
    PopularityRank: global.get(site),
  }))
  return {
    CategoryListings: {
      RecursiveCount: sites.length,
      Count: listed.length,
      Listings: listed.length === 0 ? '' : { Listing: listed },
    },
  }
}

/** The category that `Path` names, '' for `Top` itself. */
function pathOf(call: Call, catalogue: Catalogue): string {
  const path = required(call, 'Path')
  const name = path.replace(/\/$/, '').replace(/^Top(\/|$)/, '')
  if (below(name, catalogue).length > 0 || name === '') return name
  throw new AlexaFailure('InvalidParameterValue', 'Path: no distribution has this category. Begin with Top.')
}

/** Those that a category contains, itself too. */
function below(path: string, { categories }: Catalogue): string[] {
  return categories.filter((name) => path === '' || name === path || name.startsWith(`${path}/`))
}

/** What stands right below a category on the way to another. */
function childOf(path: string, name: string): string[] {
  if (name === path) return []
  const [next = ''] = name.slice(path === '' ? 0 : path.length + 1).split('/')
  return [path === '' ? next : `${path}/${next}`]
}
