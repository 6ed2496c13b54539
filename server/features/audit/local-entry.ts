import { randomUUID } from 'node:crypto'
import type { AuditDetail, AuditEntry } from '../../base/routes.ts'

/** Something done at the machine itself, by the platform (`account` null) or by an account of the operating system. */
export const localEntry = (name: string, detail: AuditDetail, account: string | null = null): AuditEntry => ({
  name,
  result: 'ok',
  code: null,
  userId: null,
  account,
  loginId: null,
  address: 'local',
  requestId: randomUUID(),
  cameraId: null,
  detail,
})
