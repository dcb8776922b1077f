import type { Phrases } from './phrases.ts';

/** French. */
export default {
  words: {
    very: ['très', 'vraiment', 'tellement', 'super', 'incroyablement'],
    line: ['la ligne 4', 'la ligne 7', 'le tram 12', 'le tram de nuit'],
    at: [
      'sur Salt Avenue',
      'près du Long Bridge',
      'au port',
      'à côté du parc',
      'sur le quai nord',
      "derrière l'opéra",
      'sur Ocean Boulevard',
    ],
    when: ['ce matin', "aujourd'hui", 'encore une fois', 'à huit heures', 'avant le café', 'en ce moment'],
    who: ['ma sœur', 'mon voisin', 'ma grand-mère', 'un collègue', 'mon cousin'],
    thing: ['le colis', 'le miroir', "le cadeau d'anniversaire", 'mon nouveau casque', 'le livre de cuisine'],
    dish: [
      'les sardines grillées',
      'la soupe de poisson',
      'le riz aux palourdes',
      "le gâteau à l'orange",
      'les crêpes au citron',
    ],
    cafe: ['le café du coin', 'le marché', 'la boulangerie de Mill Street', "le stand près de l'étang"],
    band: ['le Salt Orchestra', 'la chorale du mardi', 'le trio de jazz', 'la fanfare du port'],
    rival: ['Dunas City', 'Dunas'],
    minute: ['à la 12e minute', 'juste avant la pause', 'en deuxième mi-temps', 'dans le temps additionnel'],
  },
  sentences: {
    tram: {
      positive: [
        '{line} roule {very} bien {when}, quel bonheur',
        "J'adore traverser le fleuve avec {line} {when}",
        "Le conducteur m'a attendu {at}, {very} gentil",
        'Pas mal du tout, {line} {when}, je suis content',
      ],
      neutral: [
        '{line} part à neuf heures dix {at}',
        'Quel tram va du port à la gare, {line} ?',
        'Les horaires changent la semaine prochaine, {line} aussi',
        "J'attends {line} {at} avec {who}",
      ],
      negative: [
        '{line} en retard {when}, quelle honte',
        'Coincés {at} dans {line}, {very} pénible',
        'Je déteste prendre {line} {when}, trop de monde',
        '{line} ne marche pas {when}, service nul',
      ],
    },
    weather: {
      positive: [
        'Quel beau soleil {at} {when}',
        'Un temps parfait pour se promener {at}',
        'Ni trop chaud ni trop froid {at}, un bonheur',
        'La lumière {at} est {very} belle {when}',
      ],
      neutral: [
        'Seize degrés et des nuages {at}',
        "Le vent tourne à l'ouest {when}",
        'La marée descend {at}',
        'Du brouillard sur le fleuve {when}',
      ],
      negative: [
        'Cette pluie {at} est affreuse',
        'Trempée {at} {when}, je suis furieuse',
        "Mon parapluie s'est cassé {at}, je déteste ce vent",
        "Je n'aime pas du tout cet orage {when}",
      ],
    },
    delivery: {
      positive: [
        'Livraison {very} rapide : {thing} est là, merci !',
        'Le livreur {at} sourit toujours, je suis ravie',
        '{thing} sans aucun souci, excellent service',
        '{who} a reçu {thing}, {very} grande joie',
      ],
      neutral: [
        "J'attends {thing}, entre neuf et onze heures",
        'Un camion décharge {at}',
        'Ils ont laissé {thing} chez {who}',
        'La camionnette est {at}, dit la carte',
      ],
      negative: [
        '{thing} cassé à la livraison, {very} déçu',
        'Partis sans sonner {when}, service lamentable',
        'Ils ont encore perdu {thing}, ras le bol',
        'Un camion bloque la rue {at}, insupportable',
      ],
    },
    football: {
      positive: [
        'Mira FC joue {very} bien {minute} !',
        '{who} et moi adorons cette équipe',
        'On mène contre {rival} {minute}, {very} heureux',
        'Le plus bel arrêt de la saison {minute}, bravo',
      ],
      neutral: [
        'Mira FC contre {rival}, début de la deuxième mi-temps',
        'Corner {minute}',
        'Je regarde le match {at} avec {who}',
        'Changement {minute}, le 14 entre',
      ],
      negative: [
        'Cet arbitre est {very} mauvais',
        'Encore un ballon perdu {minute}, quelle tristesse',
        "La défense n'est pas bonne {when}, je suis inquiet",
        'Penalty raté {minute}, affreux',
      ],
    },
    food: {
      positive: [
        'Dans {cafe} on mange {very} bien',
        "J'adore {dish}, quel délice",
        'Goûté {dish} {when}, un régal',
        '{who} a préparé {dish}, merci !',
      ],
      neutral: [
        '{cafe} ouvre à sept heures',
        'À midi : {dish}',
        'Rendez-vous avec {who} {at} pour déjeuner',
        'Où vend-on {dish} {at} ?',
      ],
      negative: [
        'Goûté {dish} {when}, sans goût, beurk',
        'Quarante minutes à attendre {dish}, {very} mauvais service',
        "Je n'ai pas aimé {cafe} {when}, quelle déception",
        '{cafe} est sale {when}, quelle honte',
      ],
    },
    concert: {
      positive: [
        'Soirée magnifique avec {band} {at}',
        "J'ai des billets pour {band}, quelle joie !",
        'On danse avec {band} {at}, {very} heureux',
        "J'ai adoré {band}, {who} aussi",
      ],
      neutral: [
        '{band} joue à neuf heures {at}',
        'Répétition {at} : {band}',
        'Je vais voir {band} avec {who}',
        'Ouverture des portes à sept heures et demie {at}',
      ],
      negative: [
        '{band} ne joue pas, concert annulé, {very} triste',
        'Le son {at} était horrible',
        "Je n'ai pas aimé {band}, quel ennui",
        'Trop cher pour voir {band}, du vol',
      ],
    },
    city: {
      positive: [
        'Promenade {at} {when}, quelle belle ville',
        'Les gens {at} sont {very} gentils',
        'La nouvelle piste cyclable {at} est géniale',
        '{who} habite Miravela maintenant et adore',
      ],
      neutral: [
        "Travaux {at} jusqu'à vendredi",
        'La brocante est {at} maintenant',
        "Le pont s'ouvre à midi",
        '{who} a demandé son chemin {at}',
      ],
      negative: [
        'Des ordures {at} {when}, {very} laid',
        'Le bruit {at} est insupportable',
        'La circulation {at} est un désastre {when}',
        "On m'a volé mon vélo {at}, je suis furieux",
      ],
    },
  },
  openers: {
    positive: ['Super !', 'Bonjour !', 'Bravo :'],
    neutral: ['Au fait...', 'Info :', 'Alors...'],
    negative: ['Pff...', 'Sérieusement ?', 'Mauvaise nouvelle :'],
  },
  closers: {
    positive: [':)', 'Merci !', '😊', '🎉', 'Génial !'],
    neutral: ['...', "Quelqu'un d'autre ?", 'À bientôt.'],
    negative: [':(', '😡', '😞', 'Plus jamais.', 'Quelle honte !'],
  },
  tags: {
    tram: ['#tram', '#transport'],
    weather: ['#météo', '#pluie'],
    delivery: ['#livraison', '#colis'],
    football: ['#MiraFC', '#derby'],
    food: ['#miam', '#déjeuner'],
    concert: ['#musique', '#concert'],
    city: ['#Miravela', '#ville'],
  },
  goal: [
    'BUUUT de Mira FC !!!',
    'Quel but, magnifique !',
    'Toute la rue chante {at}, {very} heureux !',
    '{who} pleure de joie, BUT !',
    'Allez Mira FC, 1-0 contre {rival} !',
  ],
} satisfies Phrases;
