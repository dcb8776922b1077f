/** Texts of the table of events. */
export const texts = {
  channel: 'Channel',
  all: 'All shown channels',
  others: 'Of no or another replay',
  hold: 'Hold',
  release: 'Go on',
  none: 'No event yet',
  noneHint: 'The latest events of every channel appear here.',
  time: (zone: string) => `Time (${zone})`,
  subject: 'Subject',
  data: 'Data',
  count: (n: string) => `${n} received`,
  lost: (n: string) => `${n} lost`,
};
