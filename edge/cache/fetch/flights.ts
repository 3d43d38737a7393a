import type { Leaving } from '../leaving.ts'
import type { RequestHead } from '../message.ts'
import { selectionOf } from '../rules/vary.ts'
import type { Store } from '../store/store.ts'
import { type Flight, type Landing, takeOff } from './flight.ts'

/** All fetches that are in flight for somebody, found by the requests that may join them. */
export interface Flights {
  /** The one that a request may join. */
  find(request: RequestHead, key: string): Flight | undefined
  /** Starts one that requests like this one may join, for as long as its body isn't in the store. */
  launch(
    request: RequestHead,
    key: string,
    fetch: (signal: Leaving, flight: Flight) => Promise<Landing>,
  ): Flight
  /** Starts one that nobody may join, where the answer is likely to be for one viewer only. */
  launchAlone: Flights['launch']
  /** Lets nobody join this one any more. */
  leave(request: RequestHead, key: string, flight: Flight): void
  /** What is on its way for a key was asked for before a change: it isn't stored, and nobody joins it any more. */
  outdate(key: string): void
}

/** Keeps the flights of a cache. */
export function createFlights(store: Store): Flights {
  const flights = new Map<string, Flight>()
  let alone = 0

  /** Variants that are known to differ don't wait for one another. */
  function nameOf({ fields }: RequestHead, key: string): string {
    const [newest] = store.peek(key)
    return newest === undefined ? key : JSON.stringify([key, selectionOf(fields, newest.fields)])
  }

  function leave(name: string, flight: Flight): void {
    if (flights.get(name) === flight) flights.delete(name)
  }

  function launchAs(name: string, key: string, fetch: Parameters<Flights['launch']>[2]): Flight {
    const flight = takeOff(key, fetch)
    const { abort } = flight
    // Nobody may join a fetch that has been given up: it takes a while to fail.
    flight.abort = () => {
      leave(name, flight)
      abort()
    }
    flights.set(name, flight)
    void flight.landing.then((landing) => {
      // Until the body is stored the flight is where it can be had.
      if (landing.kind === 'shared') void landing.body.pieces.then(() => leave(name, flight))
      else leave(name, flight)
    })
    return flight
  }

  return {
    find: (request, key) => flights.get(nameOf(request, key)),
    launch: (request, key, fetch) => launchAs(nameOf(request, key), key, fetch),
    launchAlone(_, key, fetch) {
      alone += 1
      return launchAs(`alone ${alone}`, key, fetch)
    },
    leave: (request, key, flight) => leave(nameOf(request, key), flight),
    outdate(key) {
      for (const [name, flight] of flights) {
        if (flight.key !== key) continue
        flight.outdated = true
        flights.delete(name)
      }
    },
  }
}
