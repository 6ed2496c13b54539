/** The one gate every request and every socket passes: who is it, may they do this, may they do it to this camera. */
import type { IncomingMessage } from 'node:http'
import type { CameraId } from '../contract/ids.ts'
import type { Permission, RoutePermission } from '../contract/permissions.ts'
import { createAuditRepeats } from './audit-repeats.ts'
import type { Clock } from './clock.ts'
import { AppError } from './errors.ts'
import type { Log } from './log.ts'
import { createRateLimit } from './rate-limit.ts'
import { addressOf, loginTokenOf, type ProxyTrust } from './request.ts'
import type { AuditEntry, LoginSession, User } from './routes.ts'

export type GateDeps = {
  clock: Clock
  log: Log
  trust: ProxyTrust
  /** Who this cookie belongs to, while the login lasts. */
  findLogin(token: string): Promise<{ user: User; login: LoginSession } | undefined>
  /** Is the camera there, and in the user's area? */
  mayTouchCamera(user: User, cameraId: CameraId): boolean
  recordAudit(entry: AuditEntry): Promise<void>
  /** Requests a second one address may make, signed in or not; five seconds' worth at once. Default 1000. */
  requestsPerSecond?: number
}

/** Before anyone signed in an address gets this much: enough for a page and its retries, too little for guessing. */
const ANONYMOUS_PER_SECOND = 10
const ANONYMOUS_BURST = 100

export type Caller = { user: User | undefined; login: LoginSession | undefined }

export function createGate({ clock, log, trust, findLogin, mayTouchCamera, recordAudit, requestsPerSecond = 1000 }: GateDeps) {
  const byAddress = createRateLimit({ clock, perSecond: requestsPerSecond, burst: requestsPerSecond * 5 })
  const anonymous = createRateLimit({ clock, perSecond: ANONYMOUS_PER_SECOND, burst: ANONYMOUS_BURST })
  const recordRepeated = createAuditRepeats({ clock, recordAudit })
  const anonymousDenials = createRateLimit({ clock, perSecond: 1 / 60, burst: 5 })

  function limit(address: string) {
    refuseWhenOver(byAddress.take(address))
  }

  async function identify(request: IncomingMessage): Promise<Caller> {
    const token = loginTokenOf(request, trust)
    const found = token === undefined ? undefined : await findLogin(token)
    if (!found) refuseWhenOver(anonymous.take(addressOf(request, trust)))
    return { user: found?.user, login: found?.login }
  }

  /** Throws unless the caller may. After it, `user` and `login` are there on everything that is not public. */
  function check({ user, login }: Caller, permission: RoutePermission) {
    if (permission === 'public') return
    if (!user || !login) throw new AppError('not_signed_in', 'no login, or it ended')
    if (permission === 'signedIn') return
    if (login.mustChangePassword) throw new AppError('forbidden', 'the password must be changed first')
    if (!user.permissions.includes(permission)) throw new AppError('forbidden', `needs ${permission}`)
  }

  /**
   * The one way in for pictures, and for everything else about one camera, over HTTP and WebSocket alike: throws `forbidden` without the
   * permission, and `not_found` for a camera outside the user's area, as for one that does not exist.
   */
  function authorizeMedia(user: User, cameraId: CameraId, action: Permission) {
    if (!user.permissions.includes(action)) throw new AppError('forbidden', `needs ${action}`)
    if (!mayTouchCamera(user, cameraId)) throw new AppError('not_found', 'no such camera')
  }

  /** Writes the audit record of something that was refused or failed; the refusal stands even when the record cannot be written. */
  async function recordRefusal(entry: AuditEntry) {
    if (entry.userId === null && entry.code !== null && anonymousRefusal.has(entry.code) && anonymousDenials.take(entry.address) > 0) return
    await recordAudit(entry).catch((problem) =>
      log.error({ problem, name: entry.name, requestId: entry.requestId }, 'the audit record of a refusal could not be written'),
    )
  }

  return { limit, identify, check, authorizeMedia, recordAudit, recordRepeated, recordRefusal, trust }
}
export type Gate = ReturnType<typeof createGate>

/** Refusals anyone can cause at will: a few for each address and minute are recorded, so that the log cannot be flooded. */
const anonymousRefusal = new Set(['not_signed_in', 'wrong_origin', 'bad_request', 'too_large'])

function refuseWhenOver(retryAfterMs: number) {
  if (retryAfterMs > 0) throw new AppError('rate_limited', 'too many requests', { retryAfterMs })
}
