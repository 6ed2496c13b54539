/** Who may do what (R-SEC-1). Actions here, areas in the account (`stationIds`); the gate checks both. */
import { z } from 'zod'

export const Permission = z.enum([
  'camera.see', // the point on the map and its state
  'camera.live',
  'camera.playback',
  'camera.download',
  'camera.ptz',
  'camera.edit',
  'camera.credentials',
  'status.history',
  'storage.see', // what is stored and what is missing, without a picture
  'incident.handle',
  'assessment.see',
  'assessment.sign',
  'system.administer', // platform settings, cameras' access
  'security.administer', // accounts and rights
  'audit.read',
])
export type Permission = z.infer<typeof Permission>

/** What a route asks for: a permission, any signed-in user, or nobody in particular. It must be written out. */
export type RoutePermission = Permission | 'signedIn' | 'public'

export const Role = z.enum(['dutyOfficer', 'supervisor', 'ops', 'assessor', 'systemAdmin', 'securityAdmin', 'auditAdmin'])
export type Role = z.infer<typeof Role>

/** Nobody holds two of these (三员分立, GB/T 22239-2019 §8.1.5). */
export const administratorRoles = ['systemAdmin', 'securityAdmin', 'auditAdmin'] as const satisfies readonly Role[]

export const rolePermissions: Record<Role, readonly Permission[]> = {
  dutyOfficer: ['camera.see', 'camera.live', 'camera.playback', 'camera.ptz', 'status.history', 'storage.see'],
  supervisor: ['camera.see', 'camera.live', 'camera.playback', 'camera.download', 'camera.ptz', 'status.history', 'storage.see', 'assessment.see'],
  ops: ['camera.see', 'camera.live', 'camera.edit', 'status.history', 'storage.see', 'incident.handle', 'assessment.see'],
  assessor: ['camera.see', 'status.history', 'storage.see', 'assessment.see', 'assessment.sign'],
  systemAdmin: ['camera.see', 'camera.edit', 'camera.credentials', 'storage.see', 'system.administer'],
  securityAdmin: ['security.administer'],
  auditAdmin: ['audit.read'],
}
