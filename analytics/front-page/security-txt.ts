import { emailIn, webAddressIn } from './plain-text.ts'

/** Whom to tell of a security problem (RFC 9116): a contact for who finds no other. */
export interface SecurityContact {
  email: string
  url: string
}

const LINES_MAX = 200

/**
 * The first address of e-mail and the first web address among the `Contact` fields (§2.5.3); `undefined` when
 * there is neither, or when the file has expired (§2.5.5).
 */
export function securityContactIn(text: string, page: string, nowMs: number): SecurityContact | undefined {
  const contact = { email: '', url: '' }
  for (const line of text.split(/\r?\n/, LINES_MAX)) {
    const [, name = '', value = ''] = /^(contact|expires):\s*(\S.*)$/i.exec(line) ?? []
    if (name.toLowerCase() === 'expires' && !(Date.parse(value) > nowMs)) return undefined
    if (name.toLowerCase() !== 'contact') continue
    if (/^https:/i.test(value)) contact.url ||= webAddressIn(value, page)
    else contact.email ||= emailIn(value)
  }
  return contact.email === '' && contact.url === '' ? undefined : contact
}
