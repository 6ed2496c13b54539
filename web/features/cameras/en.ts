import type { SameShape } from '../../base/i18n.ts'
import type { zh } from './zh.ts'

export const en: SameShape<typeof zh> = {
  lastedLine: '{status} {duration}',
  allWell: 'All well',
  allWellDetail: '{count|camera|cameras} · last fault {age}',
  allWellNever: '{count|camera|cameras} · no fault on record',
  chooser: {
    label: 'Choose a camera',
    placeholder: 'Name, number, address or initials',
    none: 'Nothing matches "{text}". Try the last four digits or initials',
    chosen: 'Chosen',
    full: 'Full with {count|camera|cameras}, remove one first',
  },
}
