/**
 * Regions that are billed, by the country of the viewer: the columns of CloudFront's price list, which go by the
 * edge that answers. Countries that its list doesn't name count for the region next to them.
 */
const COUNTRIES = {
  'north-america':
    'AG AI AW BB BL BM BQ BS BZ CA CR CU CW DM DO GD GL GP GT HN HT JM KN KY LC MF MQ MS MX NI PA PM PR SV SX TC TT UM US VC VG VI',
  europe:
    'AD AL AM AT AX AZ BA BE BG BY CH CY CZ DE DK EE ES FI FO FR GB GE GG GI GR HR HU IE IL IM IS IT JE LI LT LU LV MC MD ME MK MT NL NO PL PT RO RS RU SE SI SJ SK SM TR UA VA XK',
  'africa-middle-east':
    'AE AO BF BH BI BJ BV BW CD CF CG CI CM CV DJ DZ EG EH ER ET GA GH GM GN GQ GW IO IQ IR JO KE KM KW LB LR LS LY MA MG ML MR MU MW MZ NA NE NG OM PS QA RE RW SA SC SD SH SL SN SO SS ST SY SZ TD TF TG TN TZ UG YE YT ZA ZM ZW',
  'south-america': 'AR BO BR CL CO EC FK GF GS GY PE PY SR UY VE',
  japan: 'JP',
  oceania: 'AQ AS AU CC CK CX FJ FM GU HM KI MH MP NC NF NR NU NZ PF PG PN PW SB TK TO TV VU WF WS',
  'asia-pacific': 'AF BD BN BT CN HK ID KG KH KP KR KZ LA LK MM MN MO MV MY NP PH PK SG TH TJ TL TM TW UZ VN',
  india: 'IN',
} as const

/** `unknown` is of viewers whose country isn't known, such as those of a private network. */
export const REGIONS = [
  'north-america',
  'europe',
  'africa-middle-east',
  'south-america',
  'japan',
  'oceania',
  'asia-pacific',
  'india',
  'unknown',
] as const

export type Region = (typeof REGIONS)[number]

/** Region of each country (ISO 3166-1 alpha-2); what is in none is `unknown`. */
export const REGION_OF: ReadonlyMap<string, Region> = new Map(
  Object.entries(COUNTRIES).flatMap(([region, countries]) =>
    countries.split(' ').map((country) => [country, region as Region] as const),
  ),
)
