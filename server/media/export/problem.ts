import type { ExportFailure } from '../../contract/exports.ts'

/** Why a clip cannot be written; whoever asked for it is told. */
export class ExportProblem extends Error {
  override name = 'ExportProblem'
  readonly failure: ExportFailure

  constructor(failure: ExportFailure, detail: string) {
    super(detail)
    this.failure = failure
  }
}
