/** The steps, in order. */
export const STEPS = ['one', 'two', 'three'];

/** The message that passes through the steps. `stamps`: when it was sent, and when each step received it, epoch ms. */
export interface Message {
  data: object;
  stamps: number[];
}

/** A post of some 200 bytes. */
export const post = (n: number) => ({
  text: `Number ${n}: the tram up to the castle is late again, but the view makes up for all of it`,
  user: `user-${n % 97}`,
  lang: 'en',
  likes: n % 41,
  place: { latitude: 38.71 + (n % 100) / 1e4, longitude: -9.13 },
});
