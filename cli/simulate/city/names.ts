// Street names of Miravela, invented for it: avenues get the grand ones.
// prettier-ignore
const AVENUES = [
  'Lighthouse', 'Republic', 'Cathedral', 'Opera', 'University', 'Market', 'Station',
  'Salt', 'Garden', 'South Quay', 'North Quay', 'Observatory', 'Aqueduct',
];
// prettier-ignore
const STREETS = [
  'Almond', 'Anchor', 'Apricot', 'Baker', 'Barley', 'Basket', 'Bell', 'Bramble', 'Candle', 'Carob', 'Cedar', 'Chestnut',
  'Cinnamon', 'Clover', 'Cooper', 'Coral', 'Cypress', 'Dolphin', 'Driftwood', 'Falcon', 'Fennel', 'Fig', 'Fountain',
  'Gannet', 'Glass', 'Hazel', 'Heron', 'Ivory', 'Jasmine', 'Juniper', 'Kite', 'Lantern', 'Lark', 'Laurel', 'Lemon',
  'Linen', 'Lupin', 'Mason', 'Mill', 'Mimosa', 'Myrtle', 'Nutmeg', 'Olive', 'Orange', 'Pebble', 'Pepper', 'Plum',
  'Poplar', 'Rope', 'Rosemary', 'Saddle', 'Saffron', 'Sparrow', 'Swallow', 'Tanner', 'Thimble', 'Thyme', 'Walnut',
];

/** Names for the lines of a plan, each given once: `avenue()` or `street()` at every call. */
export function streetNames(): { avenue: () => string; street: () => string } {
  let avenues = 0;
  let streets = 0;
  return {
    avenue: () => `${AVENUES[avenues++ % AVENUES.length] as string} Avenue`,
    street: () => `${STREETS[streets++ % STREETS.length] as string} Street`,
  };
}
