import { randomBytes } from 'node:crypto'
import type { Logger } from 'pino'
import { type Certificate, type NamedCertificate, readCertificate } from './certificate.ts'
import { watchFiles } from './watch-files.ts'

/** How often files are looked at, ms. */
const LOOK_MS = 2_000

/**
 * How long ticket keys are used, ms. Node knows one key at a time, so with it all sessions are forgotten:
 * seldom enough for viewers, often enough for forward secrecy (RFC 9325 §3.4).
 */
const TICKET_KEYS_MS = 24 * 3_600_000

/** What a worker needs to speak TLS. Text throughout: it is sent to workers. */
export interface Keyring {
  /** By the chain's file. */
  certificates: Readonly<Record<string, Certificate>>
  /** 48 bytes in base64, the same in all workers: a session that one began, any may resume (RFC 5077, RFC 8446 §2.2). */
  ticketKeys: string
}

/** A keyring whose keys may be changed while it is used. */
export interface LiveKeyring {
  readonly current: Keyring
  /** @param act is called after each change */
  onChange(act: () => void): void
}

/** The keyring of the first process, open until disposed. */
export interface OpenKeyring extends LiveKeyring, Disposable {
  /**
   * Adds certificates that aren't in it yet.
   *
   * @throws ConfigError when one can't be used; those before it are added
   */
  add(named: readonly NamedCertificate[]): Promise<void>
  /** Drops all others. */
  keepOnly(named: readonly NamedCertificate[]): void
}

/**
 * The keyring of a machine: reads certificates, reads them again when their files change, and makes new
 * ticket keys each day. A changed file that can't be used is told of once; what was read before goes on.
 *
 * @throws ConfigError when a certificate can't be used to begin with
 */
export async function openKeyring(
  named: readonly NamedCertificate[],
  log: Logger,
  lookMs = LOOK_MS,
): Promise<OpenKeyring> {
  using parts = new DisposableStack()
  const certificates = new Map<string, Certificate>()
  /** By the names of their files. */
  const watches = new Map<string, Disposable>()
  let ticketKeys = newTicketKeys()
  const acts: (() => void)[] = []
  const changed = () => {
    for (const act of acts) act()
  }

  function take(one: NamedCertificate): void {
    const { certificate, doubts } = readCertificate(one, Date.now())
    certificates.set(one.files.cert, certificate)
    for (const doubt of doubts) log.warn(doubt)
  }

  async function add(more: readonly NamedCertificate[]): Promise<void> {
    for (const one of more) {
      const name = filesIn(one).join()
      if (watches.has(name)) continue
      const renewed = renewal(one, log, () => {
        take(one)
        changed()
      })
      const watch = await watchFiles(filesIn(one), lookMs, renewed)
      watches.set(name, watch)
      try {
        take(one)
      } catch (error) {
        watch[Symbol.dispose]()
        watches.delete(name)
        throw error
      }
    }
    changed()
  }

  function keepOnly(kept: readonly NamedCertificate[]): void {
    const names = kept.map((one) => filesIn(one).join())
    for (const [name, watch] of watches) {
      if (names.includes(name)) continue
      watch[Symbol.dispose]()
      watches.delete(name)
    }
    for (const chain of certificates.keys()) {
      if (!kept.some(({ files }) => files.cert === chain)) certificates.delete(chain)
    }
    changed()
  }

  parts.defer(() => {
    for (const watch of watches.values()) watch[Symbol.dispose]()
  })
  await add(named)
  const rotation = setInterval(() => {
    ticketKeys = newTicketKeys()
    changed()
  }, TICKET_KEYS_MS).unref()
  parts.defer(() => clearInterval(rotation))
  const open = parts.move()
  return {
    get current() {
      return { certificates: Object.fromEntries(certificates), ticketKeys }
    },
    onChange(act) {
      acts.push(act)
    },
    add,
    keepOnly,
    [Symbol.dispose]: () => open.dispose(),
  }
}

function filesIn({ files: { cert, key, ocspResponse } }: NamedCertificate): string[] {
  return ocspResponse === undefined ? [cert, key] : [cert, key, ocspResponse]
}

/** Takes changed files over; what can't be used is told of once, and tried again. */
function renewal({ files }: NamedCertificate, log: Logger, take: () => void): () => boolean {
  let told: string | undefined
  return () => {
    try {
      take()
      told = undefined
      log.info({ certificate: files.cert }, 'a certificate was read anew')
      return true
    } catch (error) {
      const problem = (error as Error).message
      if (problem !== told) log.error({ problem }, 'a changed certificate can’t be used; the old one stays')
      told = problem
      return false
    }
  }
}

function newTicketKeys(): string {
  return randomBytes(48).toString('base64')
}

/** When certificates and their OCSP responses expire, as Prometheus reads it. */
export function keyringMetrics({ certificates }: Keyring): string {
  const all = Object.entries(certificates)
  return [
    ...gauge(
      'selvedge_edge_certificate_not_after_seconds',
      'When a certificate expires, Unix time, by the file of its chain.',
      all.map(([file, { notAfterMs }]) => [file, notAfterMs]),
    ),
    ...gauge(
      'selvedge_edge_ocsp_next_update_seconds',
      'Until when the OCSP response of a certificate is stapled, Unix time.',
      all.flatMap(([file, { staple }]) => (staple === undefined ? [] : [[file, staple.untilMs]])),
    ),
    '',
  ].join('\n')
}

function gauge(name: string, help: string, values: [string, number][]): string[] {
  const lines = values.map(([file, ms]) => `${name}{certificate=${JSON.stringify(file)}} ${ms / 1000}`)
  return [`# HELP ${name} ${help}`, `# TYPE ${name} gauge`, ...lines]
}
