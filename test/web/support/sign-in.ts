/** A fresh store with somebody signed in: by role, or with just these permissions. */
import { createPinia, type Pinia, setActivePinia } from 'pinia'
import type { UserId } from '../../../server/contract/ids.ts'
import { type Permission, type Role, rolePermissions } from '../../../server/contract/permissions.ts'
import { useAccountStore } from '../../../web/features/accounts/store.ts'

export function signInAs({
  role = 'dutyOfficer',
  permissions = rolePermissions[role],
  account = 'D-017',
}: {
  role?: Role
  permissions?: readonly string[]
  account?: string
}): Pinia {
  const pinia = createPinia()
  setActivePinia(pinia)
  useAccountStore().me = {
    userId: 'u1' as UserId,
    account,
    displayName: '',
    role,
    permissions: [...permissions] as Permission[],
    stationIds: null,
    lastLogin: null,
    sessionEndsAt: 0,
    mustChangePassword: false,
  }
  return pinia
}
