import type { SameShape } from '../../base/i18n.ts'
import type { zh } from './zh.ts'

export const en: SameShape<typeof zh> = {
  notSaved: 'Not saved (it must be recorded first): {why}',
}
