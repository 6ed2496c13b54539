import type { SameShape } from '../../base/i18n.ts'
import type { zh } from './zh.ts'

export const en: SameShape<typeof zh> = {
  lastedLine: '{status} {duration}',
  allWell: 'All well',
  allWellDetail: '{count|camera|cameras} · last fault {age}',
  allWellNever: '{count|camera|cameras} · no fault on record',
}
