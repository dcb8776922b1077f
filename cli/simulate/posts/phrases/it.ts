import type { Phrases } from './phrases.ts';

/** Italian. */
export default {
  words: {
    very: ['molto', 'davvero', 'così', 'proprio', 'incredibilmente'],
    line: ['la linea 4', 'la linea 7', 'il tram 12', 'il tram notturno'],
    at: [
      'in Salt Avenue',
      'vicino al Long Bridge',
      'al porto',
      'accanto al parco',
      'sul molo nord',
      "dietro l'opera",
      'in Ocean Boulevard',
    ],
    when: ['stamattina', 'oggi', "un'altra volta", 'alle otto', 'prima del caffè', 'in questo momento'],
    who: ['mia sorella', 'il mio vicino', 'mia nonna', 'un collega', 'mio cugino'],
    thing: ['il pacco', 'lo scaffale', 'il regalo di compleanno', 'il casco nuovo', 'il libro di cucina'],
    dish: [
      'le sardine',
      'la zuppa di pesce',
      'il riso con le vongole',
      "la torta all'arancia",
      'la frittata',
    ],
    cafe: ["il bar all'angolo", 'il mercato', 'il forno di Mill Street', 'il chiosco del laghetto'],
    band: ['la Salt Orchestra', 'il coro del martedì', 'il trio jazz', 'la banda del porto'],
    rival: ['Dunas City', 'Dunas'],
    minute: ['al 12º minuto', "prima dell'intervallo", 'nel secondo tempo', 'nel recupero'],
  },
  sentences: {
    tram: {
      positive: [
        'Oggi {line} va {very} bene, che gioia',
        'Adoro attraversare il fiume con {line} {when}',
        "L'autista mi ha aspettato {at}, {very} gentile",
        'Niente male {line} {when}, sono contento',
      ],
      neutral: [
        '{line} parte alle nove e dieci {at}',
        'Quale tram va dal porto alla stazione, {line}?',
        'Cambia orario {line} la settimana prossima',
        'Aspetto {line} {at} con {who}',
      ],
      negative: [
        '{line} in ritardo {when}, che vergogna',
        'Bloccati {at}, {very} fastidioso',
        'Odio prendere {line} {when}, troppa gente',
        '{line} non funziona {when}, servizio pessimo',
      ],
    },
    weather: {
      positive: [
        'Che bel sole {at} {when}',
        'Tempo perfetto per una passeggiata {at}',
        'Né caldo né freddo {at}, una meraviglia',
        'La luce {at} è {very} bella {when}',
      ],
      neutral: [
        'Sedici gradi e nuvole {at}',
        'Il vento gira a ovest {when}',
        'La marea scende {at}',
        'Nebbia sul fiume {when}',
      ],
      negative: [
        'Questa pioggia {at} è orribile',
        'Bagnata fradicia {at} {when}, che rabbia',
        "Si è rotto l'ombrello {at}, odio questo vento",
        'Non mi piace per niente questo temporale {when}',
      ],
    },
    delivery: {
      positive: [
        'È arrivato {thing}, {very} veloce, grazie!',
        'Il corriere {at} sorride sempre, che bello',
        '{thing} senza problemi, ottimo servizio',
        '{who} ha ricevuto {thing}, {very} felice',
      ],
      neutral: [
        'Aspetto {thing}, tra le nove e le undici',
        'Un camion scarica {at}',
        'Alla porta {thing}, lo ritira {who}',
        'Il furgone è {at}, dice la mappa',
      ],
      negative: [
        '{thing} è arrivato rotto, {very} deludente',
        'Andati via senza suonare {when}, servizio pessimo',
        'Hanno perso di nuovo {thing}, sono stufa',
        'Un camion blocca la strada {at}, insopportabile',
      ],
    },
    football: {
      positive: [
        'Mira FC gioca {very} bene {minute}!',
        '{who} e io amiamo questa squadra',
        'In vantaggio contro {rival} {minute}, {very} felice',
        "La parata più bella dell'anno {minute}, grande",
      ],
      neutral: [
        'Mira FC contro {rival}, inizia il secondo tempo',
        "Calcio d'angolo {minute}",
        'Guardo la partita {at} con {who}',
        'Cambio {minute}, entra il 14',
      ],
      negative: [
        "Quest'arbitro è {very} scarso",
        'Palla persa {minute}, che tristezza',
        'La difesa non gioca bene {when}, sono preoccupato',
        'Rigore sbagliato {minute}, terribile',
      ],
    },
    food: {
      positive: [
        'Adoro {cafe}, si mangia {very} bene',
        'Ho mangiato {dish} {when}, che bontà',
        'Che delizia {dish} {when}',
        '{who} ha preparato {dish}, grazie!',
      ],
      neutral: [
        '{cafe} apre alle sette',
        'Oggi a pranzo: {dish}',
        'Ci vediamo {at}, {who} porta il pane',
        'Dove vendono {dish} {at}?',
      ],
      negative: [
        'Ho mangiato {dish} senza sapore, che schifo',
        'Quaranta minuti per {dish}, {very} male',
        'Non mi è piaciuto {cafe} {when}, che delusione',
        '{cafe} è sporco {when}, una vergogna',
      ],
    },
    concert: {
      positive: [
        'Serata bellissima con {band} {at}',
        'Ho i biglietti per {band}, che gioia!',
        'Si balla con {band} {at}, {very} felice',
        'Mi è piaciuto tutto: {band} e la compagnia, {who} rideva',
      ],
      neutral: [
        '{band} suona alle nove {at}',
        'Prove {at}: {band}',
        'Vado a vedere {band} con {who}',
        'Aprono le porte alle sette e mezza {at}',
      ],
      negative: [
        '{band} non suona, annullato, {very} triste',
        "L'audio {at} era orribile",
        'Non mi è piaciuto il concerto, {band} {very} noioso',
        'Troppo caro vedere {band}, un furto',
      ],
    },
    city: {
      positive: [
        'Passeggiata {at} {when}, che bella città',
        'La gente {at} è {very} gentile',
        'La nuova pista ciclabile {at} è fantastica',
        '{who} abita a Miravela adesso ed è felice',
      ],
      neutral: [
        'Lavori {at} fino a venerdì',
        'Il mercatino adesso è {at}',
        'Il ponte si apre a mezzogiorno',
        '{who} ha chiesto la strada {at}',
      ],
      negative: [
        'Spazzatura {at} {when}, {very} brutto',
        'Il rumore {at} è insopportabile',
        'Il traffico {at} è un disastro {when}',
        'Mi hanno rubato la bici {at}, che rabbia',
      ],
    },
  },
  openers: {
    positive: ['Evviva!', 'Buongiorno!', 'Che bello:'],
    neutral: ['Comunque...', 'Avviso:', 'Allora...'],
    negative: ['Uffa...', 'Sul serio?', 'Brutte notizie:'],
  },
  closers: {
    positive: [':)', 'Grazie!', '😊', '🎉', 'Bravi!'],
    neutral: ['...', 'Qualcun altro?', 'Ci vediamo lì.'],
    negative: [':(', '😡', '😞', 'Mai più.', 'Che peccato!'],
  },
  tags: {
    tram: ['#tram', '#pendolari'],
    weather: ['#meteo', '#pioggia'],
    delivery: ['#consegna', '#pacco'],
    football: ['#MiraFC', '#derby'],
    food: ['#cibo', '#colazione'],
    concert: ['#musica', '#concerto'],
    city: ['#Miravela', '#città'],
  },
  goal: [
    'GOOOL di Mira FC!!!',
    'Che gol, meraviglioso!',
    'Tutta la strada canta {at}, {very} felici!',
    '{who} piange di gioia, GOL!',
    'Forza Mira FC, 1-0 contro {rival}!',
  ],
} satisfies Phrases;
