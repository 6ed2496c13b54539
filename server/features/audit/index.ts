/** The audit log: what other modules may use of it. */
export { createAnchorFile, type Anchors } from './anchors.ts'
export type { ChainProblem, ChainReport } from './chain.ts'
export { type Audit, createAudit } from './service.ts'
export { createAuditStore } from './store.ts'
