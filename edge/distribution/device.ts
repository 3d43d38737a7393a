/** Kinds of devices by `User-Agent`, as CloudFront's `CloudFront-Is-…-Viewer` headers name them. */

const ANDROID = /android/i
const IOS = /\b(iphone|ipad|ipod)\b/i
const TV =
  /smart-?tv|smarttv|appletv|apple tv|googletv|hbbtv|netcast|web0s|webos.*tv|tizen.*tv|viera|bravia|roku|crkey|\baft[a-z]{1,3}\b|android tv|\btv safari|dtv|playstation|xbox/i
const TABLET = /\bipad\b|tablet|kindle|silk\/|playbook|nexus (7|9|10)|\bsm-[tx]\d|android(?!.*\bmobile\b)/i
const MOBILE =
  /\bmobile\b|iphone|ipod|windows phone|iemobile|blackberry|bb10|opera mini|opera mobi|symbian|webos(?!.*tv)|\bj2me\b|android/i

type Device = 'smarttv' | 'tablet' | 'mobile' | 'desktop'

/** One of the four. What nothing is known of is a desktop, as with CloudFront. */
function kindOf(userAgent: string): Device {
  if (TV.test(userAgent)) return 'smarttv'
  if (TABLET.test(userAgent)) return 'tablet'
  if (MOBILE.test(userAgent)) return 'mobile'
  return 'desktop'
}

/** What each header says, by its name in lower case. */
const HEADERS: Record<string, (userAgent: string) => boolean> = {
  'cloudfront-is-android-viewer': (userAgent) => ANDROID.test(userAgent),
  'cloudfront-is-desktop-viewer': (userAgent) => kindOf(userAgent) === 'desktop',
  'cloudfront-is-ios-viewer': (userAgent) => IOS.test(userAgent),
  'cloudfront-is-mobile-viewer': (userAgent) => kindOf(userAgent) === 'mobile',
  'cloudfront-is-smarttv-viewer': (userAgent) => kindOf(userAgent) === 'smarttv',
  'cloudfront-is-tablet-viewer': (userAgent) => kindOf(userAgent) === 'tablet',
}

/** Whether a header is of what device a viewer has. @param name in lower case */
export function isDeviceHeader(name: string): boolean {
  return Object.hasOwn(HEADERS, name)
}

/** The value of such a header. */
export function deviceOf(name: string, userAgent: string): 'true' | 'false' {
  return HEADERS[name]?.(userAgent.slice(0, 512)) ? 'true' : 'false'
}
