import type { Instant } from '../contract/ids.ts'

/** `20261123-001530`, in local time, for names of files. */
export const stampOf = (at: Instant): string => new Date(at).toLocaleString('sv-SE').replaceAll(/[-:]/g, '').replace(' ', '-')
