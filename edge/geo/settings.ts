import { z } from 'zod'
import { programSettings } from '../program/settings.ts'

const port = z.int().min(0).max(65_535)

/** What a router needs to know beside its fleet, which is a file of its own. */
export const routerSettings = programSettings.extend({
  fleet: z.string().describe('The fleet file; see deploy/fleet.example.yaml.'),
  host: z.string().default('0.0.0.0').describe('Address that resolvers and viewers ask.'),
  dnsPort: port.describe('DNS, over UDP and TCP.'),
  httpPort: port.optional().describe('Redirects over HTTP; none when left out.'),
  assumeHealthy: z.boolean().default(false).describe('No probes: every edge counts as alive and idle.'),
})

export type RouterSettings = z.infer<typeof routerSettings>
