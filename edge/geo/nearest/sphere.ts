/** A place on Earth, in degrees: north and east are positive. */
export interface Coordinates {
  latitude: number
  longitude: number
}

/** The same place as a point of the unit sphere: distances between these need no trigonometry but one arcsine. */
export type Point = readonly [x: number, y: number, z: number]

/** Mean radius of Earth, km (IUGG). */
const EARTH_KM = 6371.0088

/** The point of the unit sphere at these coordinates. */
export function pointAt({ latitude, longitude }: Coordinates): Point {
  const north = (latitude * Math.PI) / 180
  const east = (longitude * Math.PI) / 180
  return [Math.cos(north) * Math.cos(east), Math.cos(north) * Math.sin(east), Math.sin(north)]
}

/** Great-circle distance, km. By the chord, which stays exact for places side by side. */
export function kmBetween(one: Point, other: Point): number {
  const chord = Math.hypot(one[0] - other[0], one[1] - other[1], one[2] - other[2])
  return 2 * EARTH_KM * Math.asin(Math.min(1, chord / 2))
}
