/** Problems that the page itself finds when it calls the API. */
export const texts = {
  unreachable: 'The API can’t be reached.',
  unreachableHint: 'Check that it is running: npm start.',
  unreadable: 'The API answered with something that is not JSON.',
  unreadableHint: 'Another program may be listening on this port.',
  failed: 'Something went wrong in the page.',
};
