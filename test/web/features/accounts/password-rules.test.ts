import { describe, expect, test } from 'vitest'
import { checkPassword } from '../../../../web/features/accounts/password-rules.ts'

const met = (check: Parameters<typeof checkPassword>[0]) =>
  checkPassword(check)
    .filter((rule) => rule.isMet)
    .map((rule) => rule.rule)

describe('R-SEC-2 password rules while typing', () => {
  test.each([
    { name: 'nothing typed', password: '', expected: [] },
    { name: 'long, one kind', password: 'abcdefghijkl', expected: ['length', 'account', 'repeat'] },
    { name: 'three kinds, short', password: 'Ab3', expected: ['kinds', 'account', 'repeat'] },
    { name: 'good', password: 'Long-enough-1', expected: ['length', 'kinds', 'account', 'repeat'] },
    { name: 'a sign beyond ASCII is a sign', password: 'longenough1·x', expected: ['length', 'kinds', 'account', 'repeat'] },
    { name: 'holds the account', password: 'xDUTYx-long-1', expected: ['length', 'kinds', 'repeat'] },
  ])('$name', ({ password, expected }) => expect(met({ password, repeated: password, account: 'duty' })).toEqual(expected))

  test('both entries must be equal', () => expect(met({ password: 'Long-enough-1', repeated: 'Long-enough-2', account: 'duty' })).not.toContain('repeat'))
  test('the present one is not new', () =>
    expect(met({ password: 'Long-enough-1', repeated: 'Long-enough-1', account: 'duty', oldPassword: 'Long-enough-1' })).not.toContain('different'))
})
