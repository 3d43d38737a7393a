import { z } from 'zod'

const ms = z.int().min(1_000).max(3_600_000)

/** Bounds on what viewers may hold of one worker. They protect it from who asks slowly, or too often, or doesn't read. */
export const listenLimits = z
  .strictObject({
    connectionsMax: z
      .int()
      .min(1)
      .max(1_000_000)
      .default(50_000)
      .describe('Open connections of one worker; a further one is closed at once.'),
    connectionsPerAddressMax: z
      .int()
      .min(1)
      .max(1_000_000)
      .default(4_096)
      .describe(
        'Those from one address. A large network may share one, and behind a proxy of yours all viewers do.',
      ),
    headMs: ms
      .default(30_000)
      .describe(
        'How long a request’s head may take, from its first byte; then 408. Also until the first byte of a new connection.',
      ),
    requestMs: ms.default(300_000).describe('How long a whole request may take, body included; then 408.'),
    idleMs: ms.default(60_000).describe('How long a connection is kept between requests.'),
    stallMs: ms
      .default(60_000)
      .describe('How long a viewer may take nothing of what is sent to it; then the connection is ended.'),
    settingsMs: ms
      .default(30_000)
      .describe(
        'How long an HTTP/2 viewer may take to acknowledge our settings; then the connection is ended.',
      ),
    streamsMax: z
      .int()
      .min(1)
      .max(10_000)
      .default(128)
      .describe('Requests under way on one HTTP/2 connection; a further one is refused.'),
    streamResetsMax: z
      .int()
      .min(1)
      .default(1_000)
      .describe('Requests that an HTTP/2 viewer may cancel at once; beyond it the connection is ended.'),
    streamResetsPerSecond: z.int().min(1).default(33).describe('How many more each second.'),
    controlBytesPerSecond: z
      .int()
      .min(4_096)
      .default(65_536)
      .describe(
        'What an HTTP/2 viewer may send beside requests and their bodies: pings, settings and the like; each counts for 32 at the least. Then the connection is ended.',
      ),
    controlAnswersBytesMax: z
      .int()
      .min(1_024)
      .max(16_777_216)
      .default(65_536)
      .describe(
        'Answers to those that may wait for an HTTP/2 viewer to read them; beyond it the connection is ended.',
      ),
    headerListBytesMax: z
      .int()
      .min(20_480)
      .max(1_048_576)
      .default(65_536)
      .describe(
        'Fields of an HTTP/2 request as RFC 9113 counts them, 32 for each beside its length; a request with more is reset. Beyond 20 KB it is answered with 413.',
      ),
    headerFieldsMax: z
      .int()
      .min(16)
      .max(100_000)
      .default(1_000)
      .describe('How many fields an HTTP/2 request may have; one with more is reset.'),
    headerBlockBytesMax: z
      .int()
      .min(16_384)
      .max(4_194_304)
      .default(131_072)
      .describe(
        'The same fields as they come, compressed, in one frame and those that continue it; beyond it the connection is ended.',
      ),
    continuationsMax: z
      .int()
      .min(1)
      .max(10_000)
      .default(64)
      .describe('How many frames may continue that one; beyond it the connection is ended.'),
    drainMs: z
      .int()
      .min(0)
      .max(3_600_000)
      .default(10_000)
      .describe(
        'How long responses under way may take to finish when the edge stops, and connections of a worker that is replaced to end.',
      ),
  })
  .prefault({})

/** What speaks HTTP/2 with viewers: our own stack, or node:http2, which is slower. */
export const http2Use = z.enum(['own', 'node'])

export type Http2Use = z.infer<typeof http2Use>

export type ListenLimits = z.infer<typeof listenLimits>
