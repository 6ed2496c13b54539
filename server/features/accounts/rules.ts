/** Rules about people that hold everywhere: the three powers, the last administrator. */
import { AppError } from '../../base/errors.ts'
import { administratorRoles, type Permission, type Role, rolePermissions } from '../../contract/permissions.ts'

type Person = { user_id: string; role: Role; is_enabled: boolean }

const isAdministrator = (role: Role) => (administratorRoles as readonly Role[]).includes(role)

/**
 * Refuses a change after which one of the three administrators' roles would have nobody who can sign in: nobody could undo it.
 * `after` is the person as they would be.
 */
export function refuseLastAdministrator(everyone: readonly Person[], after: Person): void {
  const before = everyone.find(({ user_id }) => user_id === after.user_id)
  if (!before || !before.is_enabled || !isAdministrator(before.role)) return
  if (after.is_enabled && after.role === before.role) return
  const others = everyone.filter(({ user_id, role, is_enabled }) => user_id !== after.user_id && role === before.role && is_enabled)
  if (others.length === 0) throw new AppError('conflict', `the last ${before.role} must stay`)
}

/** An administrator stays in one of the three roles: passing from one power to another would leave traces of both in one hand. */
export function refuseMixedPowers(before: Role, after: Role): void {
  if (before !== after && (isAdministrator(before) || isAdministrator(after)))
    throw new AppError('conflict', `an account of ${before} cannot become ${after}: make another account`)
}

/** What this person may do: what the role gives, or a part of it. Rights stored beyond the role give nothing. */
export function permissionsOf(role: Role, stored: readonly Permission[] | null): Permission[] {
  return rolePermissions[role].filter((permission) => stored === null || stored.includes(permission))
}
