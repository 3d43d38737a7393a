import type { EvictionPolicy } from './eviction.ts'
import { fifo } from './fifo.ts'
import { lru } from './lru.ts'
import { s3Fifo, s3FifoPublished } from './s3-fifo.ts'
import { sieve } from './sieve.ts'
import { wTinyLfu } from './w-tinylfu.ts'

/** All policies by their names, simplest first. */
export const POLICIES: Readonly<Record<string, EvictionPolicy>> = {
  FIFO: fifo,
  LRU: lru,
  SIEVE: sieve,
  'S3-FIFO as published': s3FifoPublished,
  'S3-FIFO': s3Fifo,
  'W-TinyLFU': wTinyLfu,
}
