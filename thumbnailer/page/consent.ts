import { createRequire } from 'node:module'

/**
 * Elements that ask a visitor for consent. They are hidden, and nothing is clicked: a picture needs
 * no agreement, and nobody's name is put under one.
 *
 * Vendors' elements come from DuckDuckGo's autoconsent, which is kept up with the web; what banners of
 * sites' own making are called is a short list here.
 */
interface AutoconsentRules {
  autoconsent: { prehideSelectors?: string[] }[]
}

const OWN = [
  '#cookie-banner',
  '#cookie-consent',
  '#cookie-notice',
  '#cookieConsent',
  '#cookiebanner',
  '#cookie-popup',
  '#gdpr-banner',
  '.cookie-banner',
  '.cookie-consent',
  '.cookie-notice',
  '.cookie-popup',
  '.cookie-bar',
  '.gdpr-banner',
  '.cc-window',
  'cookie-banner',
  'dialog[class*="cookie" i]',
  // Chat windows that sit on the page's corner.
  '#intercom-container',
  '.intercom-lightweight-app',
  '#drift-widget-container',
  '#crisp-chatbox',
  '#hubspot-messages-iframe-container',
  '#tidio-chat',
]

/** Selectors of what is hidden, each once. */
export function consentSelectors(): string[] {
  const { autoconsent } = createRequire(import.meta.url)(
    '@duckduckgo/autoconsent/rules/rules.json',
  ) as AutoconsentRules
  return [...new Set([...OWN, ...autoconsent.flatMap(({ prehideSelectors = [] }) => prehideSelectors)])]
}

/** Words by which a layer over the page is known to be about consent, in the languages of many people. */
export const CONSENT_WORDS =
  'cookie|consent|gdpr|dsgvo|privacy (policy|settings|choices)|datenschutz|confidentialité|privacidad|' +
  'privacidade|riservatezza|プライバシー|クッキー|隐私|쿠키|файлы cookie|ملفات تعريف الارتباط'
