import { cloudFrontParser } from './cloudfront-line.ts'
import type { LineParser } from './log-line.ts'
import { webServerParser } from './web-server-line.ts'

/** Reads a file in the format that its first line tells: CloudFront's logs begin with `#Version`. */
export function createParser(): LineParser {
  let parser: LineParser | undefined
  return (line) => {
    parser ??= line.startsWith('#') ? cloudFrontParser() : webServerParser()
    return parser(line)
  }
}
