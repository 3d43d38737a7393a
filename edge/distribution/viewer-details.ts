/** What a city database knows of a viewer; each empty when unknown. */
export interface ViewerDetails {
  city: string
  /** ISO 3166-2 without the country, as `IDF`. */
  region: string
  regionName: string
  postalCode: string
  metroCode: string
  timeZone: string
  coordinates: { latitude: number; longitude: number } | undefined
  /** Number of the network; 0 when unknown. */
  asn: number
}
