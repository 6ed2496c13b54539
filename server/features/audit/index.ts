/** The audit log: what other modules may use of it. */
export { createAnchorFile, type Anchors } from './anchors.ts'
export { type AuditRow, type ChainProblem, type ChainReport, createChainCheck } from './chain.ts'
export { type Audit, createAudit } from './service.ts'
export { createAuditStore } from './store.ts'
export { localEntry } from './local-entry.ts'
