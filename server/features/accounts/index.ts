/** Accounts and logins: what other modules may use of them. */
export { openLockout } from './lockout.ts'
export type { LoginLimits } from './login-limits.ts'
export { createPasswordHasher } from './password.ts'
export { accountRoutes } from './routes.ts'
export { type AccountEvents, type Accounts, createAccounts, type NewUser } from './service.ts'
export { createAccountStore } from './store.ts'
