/** Signing in, the first administrators, and who I am (R-SEC-1, R-SEC-2 ground). */
import { z } from 'zod'
import { endpoint } from './endpoint.ts'
import { Instant, StationId, UserId } from './ids.ts'
import { Permission, Role } from './permissions.ts'

/** The signed-in user as the page knows it. `stationIds` null means every station. */
export const Me = z.object({
  userId: UserId,
  account: z.string(),
  displayName: z.string(),
  role: Role,
  permissions: z.array(Permission),
  stationIds: z.array(StationId).nullable(),
  lastLogin: z.object({ at: Instant, address: z.string() }).nullable(),
  sessionEndsAt: Instant,
  mustChangePassword: z.boolean(),
})
export type Me = z.infer<typeof Me>

export const Login = z.object({
  account: z.string().trim().min(1).max(64),
  password: z.string().min(1).max(256),
  oneTimeCode: z
    .string()
    .regex(/^\d{6}$/)
    .optional(),
})
export type Login = z.infer<typeof Login>

/** Passwords: 12 characters or more, three of the four kinds. Checked by the server; shown by the page while typing. */
export const NewPassword = z.string().min(12).max(256)

export const NewAdministrator = z.object({
  account: z
    .string()
    .trim()
    .regex(/^[\w.@-]{3,64}$/),
  displayName: z.string().trim().min(1).max(64),
  password: NewPassword,
})
export const Setup = z.object({
  setupCode: z.string().min(1).max(64),
  systemAdmin: NewAdministrator,
  securityAdmin: NewAdministrator,
  auditAdmin: NewAdministrator,
})
export type Setup = z.infer<typeof Setup>

export const accountApi = {
  /** What the page must know before anyone signed in. */
  welcome: endpoint('GET /api/welcome', {
    permission: 'public',
    reply: z.object({
      unitName: z.string(),
      isDemo: z.boolean(),
      needsSetup: z.boolean(),
      version: z.string(),
      serverAt: Instant,
      cameraCount: z.number().int(),
    }),
  }),
  setup: endpoint('POST /api/setup', { permission: 'public', audit: 'account.setup', body: Setup, reply: z.object({}) }),
  login: endpoint('POST /api/login', { permission: 'public', audit: 'account.login', body: Login, reply: Me }),
  me: endpoint('GET /api/me', { permission: 'signedIn', reply: Me }),
  logout: endpoint('POST /api/logout', { permission: 'signedIn', audit: 'account.logout', reply: z.object({}) }),
  changePassword: endpoint('POST /api/me/password', {
    permission: 'signedIn',
    audit: 'account.changePassword',
    body: z.object({ oldPassword: z.string().max(256), newPassword: NewPassword }),
    reply: Me,
  }),
}
