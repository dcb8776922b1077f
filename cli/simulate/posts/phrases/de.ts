import type { Phrases } from './phrases.ts';

/** German. */
export default {
  words: {
    very: ['sehr', 'richtig', 'echt', 'so', 'unglaublich', 'total'],
    line: ['die Linie 4', 'die Linie 7', 'die 12', 'die Nachtbahn'],
    at: [
      'an der Salt Avenue',
      'an der Long Bridge',
      'am Hafen',
      'beim Park',
      'am Nordkai',
      'hinter der Oper',
      'am Ocean Boulevard',
    ],
    when: ['heute früh', 'heute', 'schon wieder', 'um acht', 'vor dem ersten Kaffee', 'gerade eben'],
    who: ['meine Schwester', 'mein Nachbar', 'meine Oma', 'ein Kollege', 'mein Cousin'],
    thing: ['das Paket', 'das Regal', 'das Geburtstagsgeschenk', 'das neue Fahrradlicht', 'das Kochbuch'],
    dish: ['Fischsuppe', 'Orangenkuchen', 'Bohneneintopf', 'Reis mit Muscheln', 'Kartoffelsalat'],
    cafe: [
      'im Café an der Ecke',
      'in der Markthalle',
      'in der Bäckerei in der Mill Street',
      'am Imbiss beim Teich',
    ],
    band: ['das Salt Orchestra', 'der Dienstagschor', 'das Jazztrio', 'die Hafenkapelle'],
    rival: ['Dunas City', 'Dunas'],
    minute: ['in der 12. Minute', 'kurz vor der Pause', 'in der zweiten Halbzeit', 'in der Nachspielzeit'],
  },
  sentences: {
    tram: {
      positive: [
        'Heute war {line} {very} pünktlich, super',
        'Mit {line} über den Fluss, ich liebe das',
        'Der Fahrer hat {at} gewartet, {very} nett',
        'Gar nicht schlecht, {line} fährt {when} ohne Gedränge, ich bin froh',
      ],
      neutral: [
        'Um zehn nach fährt {line} {at} ab',
        'Fährt {line} vom Hafen zur Oper?',
        'Nächste Woche fährt {line} nach neuem Fahrplan',
        '{who} wartet {at} auf die Bahn',
      ],
      negative: [
        'Und {line} kommt {when} zu spät, so ein Mist',
        'Wir stehen {at} fest, {very} nervig',
        'Ich hasse es, wie voll {line} {when} ist',
        'Leider fährt {line} {when} nicht, {very} ärgerlich',
      ],
    },
    weather: {
      positive: [
        'So schöne Sonne {at} {when}',
        'Perfektes Wetter für einen Spaziergang {at}',
        'Nicht zu warm, nicht zu kalt {at}, herrlich',
        'Das Licht {at} ist {when} {very} schön',
      ],
      neutral: [
        'Sechzehn Grad und Wolken {at}',
        'Der Wind dreht {when} auf West',
        'Das Wasser läuft ab {at}',
        'Nebel über dem Fluss {when}',
      ],
      negative: [
        'Dieser Regen {at} ist furchtbar',
        'Klatschnass {at} {when}, ich bin sauer',
        'Mein Schirm ist {at} kaputtgegangen, blöder Wind',
        'Ich mag diesen Sturm überhaupt nicht, {very} schlimm {at}',
      ],
    },
    delivery: {
      positive: [
        'Schon ist {thing} da, {very} schnell, danke!',
        'Der Bote {at} lächelt immer, das freut mich',
        'Kein Problem mit der Lieferung, {thing} ist heil, toller Service',
        '{who} freut sich {very} über die Lieferung',
      ],
      neutral: [
        'Ich warte auf die Lieferung, {thing} soll zwischen neun und elf kommen',
        'Ein Lastwagen lädt {at} ab',
        '{who} hat {thing} angenommen',
        'Der Lieferwagen steht {at}, sagt die Karte',
      ],
      negative: [
        'Leider ist {thing} kaputt, {very} enttäuschend',
        'Ohne zu klingeln weitergefahren {when}, schlechter Service',
        'Wieder ist {thing} verloren gegangen, mir reicht es',
        'Ein Lastwagen blockiert die Straße {at}, unverschämt',
      ],
    },
    football: {
      positive: [
        'Mira FC spielt {very} gut {minute}!',
        '{who} und ich lieben diese Mannschaft',
        'Führung gegen {rival} {minute}, ich bin {very} glücklich',
        'Die schönste Parade der Saison {minute}, klasse',
      ],
      neutral: [
        'Mira FC gegen {rival}, die zweite Halbzeit läuft',
        'Ecke für Mira FC {minute}',
        'Ich schaue das Spiel {at}',
        'Wechsel {minute}, die 14 kommt',
      ],
      negative: [
        'Dieser Schiedsrichter ist {very} schlecht',
        'Schon wieder Ball verloren {minute}, traurig',
        'Die Abwehr steht nicht gut {minute}, ich mache mir Sorgen',
        'Elfmeter verschossen {minute}, furchtbar',
      ],
    },
    food: {
      positive: [
        '{dish} gab es {cafe}, {very} lecker',
        'Ich liebe {dish}, am besten {cafe}',
        'Der Kaffee {cafe} ist {very} gut',
        '{who} hat gekocht: {dish}, köstlich',
      ],
      neutral: [
        'Heute Mittag: {dish}',
        'Um sieben wird {cafe} geöffnet',
        'Treffpunkt {cafe}, {who} kommt auch',
        'Wo gibt es {at} {dish}?',
      ],
      negative: [
        '{dish} ohne Geschmack, {very} schlecht',
        'Vierzig Minuten auf {dish} gewartet, mieser Service',
        'Es hat mir {cafe} nicht gefallen, schade',
        '{very} schmutzig {cafe}, eklig',
      ],
    },
    concert: {
      positive: [
        'Ein wunderschöner Abend, {band} spielt {at}',
        'Ich habe Karten, {band} kommt, ich freue mich {very}!',
        'Wir tanzen {at}, {band} spielt, herrlich',
        'Begeistert: {band} war {very} gut',
      ],
      neutral: [
        'Um neun spielt {band} {at}',
        'Probe {at}: {band}',
        'Heute Abend spielt {band}, {who} geht hin',
        'Einlass {at} um halb acht',
      ],
      negative: [
        'Abgesagt: {band} spielt nicht, ich bin traurig',
        'Der Klang {at} war schrecklich',
        'Mir hat es nicht gefallen, {band} war {very} langweilig',
        'Viel zu teuer, {band} war eine Enttäuschung',
      ],
    },
    city: {
      positive: [
        'Spaziergang {at} {when}, so eine schöne Stadt',
        'Die Leute {at} sind {very} freundlich',
        'Der neue Radweg {at} ist toll',
        '{who} wohnt jetzt in Miravela und ist {very} glücklich',
      ],
      neutral: [
        'Bauarbeiten {at} bis Freitag',
        'Der Flohmarkt ist jetzt {at}',
        'Die Brücke öffnet mittags für Schiffe',
        '{who} hat {at} nach dem Weg gefragt',
      ],
      negative: [
        'Müll {at} {when}, {very} hässlich',
        'Der Lärm {at} ist unerträglich',
        'Der Verkehr {at} ist eine Katastrophe {when}',
        'Mein Rad wurde {at} gestohlen, ich bin wütend',
      ],
    },
  },
  openers: {
    positive: ['Juhu!', 'Guten Morgen!', 'Toll:'],
    neutral: ['Übrigens:', 'Zur Info:', 'Also:'],
    negative: ['Oje...', 'Im Ernst?', 'Schlechte Nachricht:'],
  },
  closers: {
    positive: [':)', 'Danke!', '😊', '🎉', 'Wunderbar!'],
    neutral: ['...', 'Noch jemand?', 'Bis gleich.'],
    negative: [':(', '😡', '😞', 'Nie wieder.', 'Schade!'],
  },
  tags: {
    tram: ['#Straßenbahn', '#Pendeln'],
    weather: ['#Wetter', '#Regen'],
    delivery: ['#Lieferung', '#Paket'],
    football: ['#MiraFC', '#Derby'],
    food: ['#Essen', '#Frühstück'],
    concert: ['#Musik', '#Konzert'],
    city: ['#Miravela', '#Stadt'],
  },
  goal: [
    'TOOOR für Mira FC!!!',
    'Was für ein Tor, wunderbar!',
    'Die ganze Straße jubelt {at}, {very} schön!',
    '{who} weint vor Freude, TOR!',
    'Auf geht’s, Mira FC, 1:0 gegen {rival}!',
  ],
} satisfies Phrases;
