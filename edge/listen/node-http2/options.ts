import type { ServerOptions, ServerSessionOptions } from 'node:http2'
import type { ListenLimits } from '../settings.ts'

/** How much of uploads one connection may send before we have read it, bytes: 64 KB would hold back whoever is far away. */
export const CONNECTION_WINDOW_BYTES = 1_048_576

/** All that node:http2 lets us say of a session; what an operator may want to change is in `limits`. */
export function sessionOptions(limits: ListenLimits): ServerOptions & ServerSessionOptions {
  return {
    settings: {
      maxConcurrentStreams: limits.streamsMax,
      // Of one upload.
      initialWindowSize: 262_144,
      // Beyond it node:http2 resets the stream; we answer 413 to what is larger than HTTP/1.1's bound, long before.
      maxHeaderListSize: 65_536,
    },
    // The same in fields. A head of 20 KB can't hold more that mean anything.
    maxHeaderListPairs: 1_000,
    // Rapid reset (CVE-2023-44487): beyond it the session ends.
    streamResetBurst: limits.streamResetsMax,
    streamResetRate: limits.streamResetsPerSecond,
    // Streams begun beyond `streamsMax` or memory; a viewer who hasn't got our settings yet may.
    maxSessionRejectedStreams: 100,
    // Frames that mean nothing: DATA that is empty and doesn't end a stream, above all.
    maxSessionInvalidFrames: 100,
    // In one SETTINGS frame.
    maxSettings: 32,
    // Beyond it new streams are refused. What waits to be sent counts too, though that is the cache's own memory;
    // what a viewer can make us hold besides is bounded by all the above. Megabytes.
    maxSessionMemory: 1_024,
    // Nothing of a response's head is remembered to be referred to later, as with nginx: each has a request id of its
    // own, and keeping the table costs more (8 % of a hit) than the bytes that it spares.
    maxDeflateDynamicTableSize: 0,
    // A shield may send us 48 KB, and we add to it. What is larger would break the stream off.
    maxSendHeaderBlockLength: 131_072,
    // What an origin says twice goes on twice, as it does by HTTP/1.1.
    strictSingleValueFields: false,
    // Values may not begin or end with blanks (RFC 9113 §8.2.1).
    strictFieldWhitespaceValidation: true,
    paddingStrategy: 0,
  }
}
