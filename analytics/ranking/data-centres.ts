/**
 * Autonomous systems that rent machines out, by the name of who does. Not in it: those through which
 * people go out to the web, as Cloudflare (WARP), Akamai, Fastly (both carry a browser's private relay)
 * and providers that live from VPNs.
 */
export const DATA_CENTRES: ReadonlyMap<number, string> = new Map([
  [7_506, 'GMO Internet'],
  [8_075, 'Microsoft Azure'],
  [8_560, 'IONOS'],
  [12_876, 'Scaleway'],
  [14_061, 'DigitalOcean'],
  [14_618, 'Amazon'],
  [16_276, 'OVH'],
  [16_509, 'Amazon'],
  [19_318, 'Interserver'],
  [20_473, 'Vultr'],
  [24_940, 'Hetzner'],
  [26_496, 'GoDaddy'],
  [31_898, 'Oracle Cloud'],
  [36_352, 'ColoCrossing'],
  [37_963, 'Alibaba Cloud'],
  [40_021, 'Contabo'],
  [45_090, 'Tencent Cloud'],
  [45_102, 'Alibaba Cloud'],
  [46_606, 'Unified Layer'],
  [51_167, 'Contabo'],
  [53_667, 'FranTech'],
  [55_990, 'Huawei Cloud'],
  [63_949, 'Linode'],
  [132_203, 'Tencent Cloud'],
  [136_907, 'Huawei Cloud'],
  [197_540, 'netcup'],
  [213_230, 'Hetzner Cloud'],
  [396_982, 'Google Cloud'],
])
