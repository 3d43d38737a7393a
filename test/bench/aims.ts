/** What a figure of ours should be: beside another contender's, or by itself. */
export type Aim = ({ of: string } | { of?: undefined }) & ({ atLeast: number } | { atMost: number })
