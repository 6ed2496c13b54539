/** Signing in and out over HTTP. */
import { AppError } from '../../base/errors.ts'
import type { Clock } from '../../base/clock.ts'
import { createRateLimit } from '../../base/rate-limit.ts'
import { routes } from '../../base/routes.ts'
import { accountApi } from '../../contract/accounts.ts'
import type { Accounts } from './service.ts'

export type Welcome = { unitName: string; isDemo: boolean; version: string }

/** `countCameras` is what the sign-in page shows of the platform; no name, no place. */
export function accountRoutes({ accounts, clock, welcome, countCameras }: { accounts: Accounts; clock: Clock; welcome: Welcome; countCameras: () => number }) {
  // A code of 100 bits cannot be guessed; this keeps the password hashing behind it from being used to tire the server.
  const setupAttempts = createRateLimit({ clock, perSecond: 1 / 10, burst: 5 })

  return routes(accountApi, {
    welcome: async () => ({ ...welcome, needsSetup: await accounts.needsSetup(), serverAt: clock.now(), cameraCount: countCameras() }),
    async setup({ body, note }) {
      note({ detail: { systemAdmin: body.systemAdmin.account, securityAdmin: body.securityAdmin.account, auditAdmin: body.auditAdmin.account } })
      const retryAfterMs = setupAttempts.take('setup')
      if (retryAfterMs > 0) throw new AppError('rate_limited', 'too many tries', { retryAfterMs })
      await accounts.setUp({
        setupCode: body.setupCode,
        administrators: [
          { ...body.systemAdmin, role: 'systemAdmin' },
          { ...body.securityAdmin, role: 'securityAdmin' },
          { ...body.auditAdmin, role: 'auditAdmin' },
        ],
      })
      return {}
    },
    async login({ body, address, login: earlier, note, setLoginCookie }) {
      note({ account: body.account, userId: null, loginId: null })
      const { token, user, login, me } = await accounts.signIn(body, address)
      note({ account: user.account, userId: user.userId, loginId: login.loginId })
      // The browser's earlier login would be left open with nobody holding its cookie.
      if (earlier) await accounts.signOut(earlier)
      setLoginCookie(token)
      return me
    },
    me: ({ user, login }) => accounts.me({ user, login }),
    async logout({ login, setLoginCookie }) {
      await accounts.signOut(login)
      setLoginCookie(undefined)
      return {}
    },
    changePassword: ({ user, login, body }) => accounts.changePassword(user, login, body.oldPassword, body.newPassword),
  })
}
