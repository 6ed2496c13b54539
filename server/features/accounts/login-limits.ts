/** How long a login lasts. A duty room's screen must not sign out by itself; an administrator's page left open must. */
import { administratorRoles, type Role } from '../../contract/permissions.ts'

export type LoginLimits = {
  /** A login ends after this long without use: of an administrator, of everybody else. */
  administratorIdleMs: number
  idleMs: number
  /** A login ends after this long in any case: of a role that watches, of everybody else. */
  watchLoginMs: number
  loginMs: number
}

/** Roles whose work is looking at a page for hours: to them an open page is use, without a hand on it. */
export const watchingRoles = ['dutyOfficer', 'supervisor', 'ops'] as const satisfies readonly Role[]

const isIn = (roles: readonly Role[], role: Role) => roles.includes(role)

/** What holds for a login of this role. */
export function limitsOf(role: Role, limits: LoginLimits): { idleMs: number; loginMs: number } {
  return {
    idleMs: isIn(administratorRoles, role) ? limits.administratorIdleMs : limits.idleMs,
    loginMs: isIn(watchingRoles, role) ? limits.watchLoginMs : limits.loginMs,
  }
}
