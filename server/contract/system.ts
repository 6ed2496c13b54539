/** Is the platform itself well? */
import { z } from 'zod'
import { endpoint } from './endpoint.ts'

export const SystemHealth = z.object({
  ok: z.boolean(),
  database: z.enum(['ok', 'unavailable']),
  media: z.enum(['ok', 'unavailable']),
  /** Worst delay of the media process's event loop in the last 10 s. */
  mediaLoopDelayMs: z.number().nullable(),
})
export type SystemHealth = z.infer<typeof SystemHealth>

export const systemApi = {
  /** For a load balancer or a watchdog; says nothing but yes or no. */
  health: endpoint('GET /api/health', { permission: 'public', reply: z.object({ ok: z.boolean() }) }),
  detail: endpoint('GET /api/system', { permission: 'system.administer', reply: SystemHealth }),
}
