import type { Phrases } from './phrases.ts';

/** Portuguese. */
export default {
  words: {
    very: ['muito', 'mesmo', 'tão', 'super', 'incrivelmente'],
    line: ['a linha 4', 'a linha 7', 'o elétrico 12', 'o elétrico da noite'],
    at: [
      'na Salt Avenue',
      'junto à Long Bridge',
      'no porto',
      'ao pé do parque',
      'no cais norte',
      'atrás da ópera',
      'na Ocean Boulevard',
    ],
    when: ['esta manhã', 'hoje', 'outra vez', 'às oito', 'antes do café', 'agora mesmo'],
    who: ['a minha irmã', 'o meu vizinho', 'a minha avó', 'um colega', 'o meu primo'],
    thing: ['o pacote', 'o móvel', 'o presente de anos', 'o capacete novo', 'o livro de receitas'],
    dish: ['as sardinhas', 'a sopa de peixe', 'o arroz de amêijoas', 'o bolo de laranja', 'a salada de grão'],
    cafe: ['o café da esquina', 'o mercado', 'o quiosque do lago', 'o restaurante do cais'],
    band: ['a Salt Orchestra', 'o coro de terça', 'o trio de jazz', 'a banda do porto'],
    rival: ['o Dunas City', 'o Dunas'],
    minute: ['aos 12 minutos', 'antes do intervalo', 'na segunda parte', 'nos descontos'],
  },
  sentences: {
    tram: {
      positive: [
        'Hoje {line} está a andar {very} bem, que alegria',
        'Adoro atravessar o rio, {line} é a minha viagem favorita',
        'O motorista esperou por mim {at}, {very} simpático',
        'Nada mal, {line} chegou a horas {when}, estou contente',
      ],
      neutral: [
        '{line} sai {at} às dez e dez',
        'Como se vai do porto à ópera, {line}?',
        'Muda o horário na próxima semana, {line} também',
        'Estou à espera {at} com {who}',
      ],
      negative: [
        '{line} vem com atraso {when}, que vergonha',
        'Parados {at}, {very} chato',
        'Odeio apanhar {line} {when}, gente a mais',
        '{line} não funciona {when}, péssimo serviço',
      ],
    },
    weather: {
      positive: [
        'Que sol tão bonito {at} {when}',
        'Tempo perfeito para passear {at}',
        'Nem frio nem calor {at}, uma maravilha',
        'A luz {at} está {very} linda {when}',
      ],
      neutral: [
        'Dezasseis graus e nuvens {at}',
        'O vento vira a oeste {when}',
        'A maré está a descer {at}',
        'Nevoeiro sobre o rio {when}',
      ],
      negative: [
        'Esta chuva {at} é horrível',
        'Encharcada {at} {when}, que raiva',
        'O guarda-chuva partiu-se {at}, odeio este vento',
        'Não gosto nada desta tempestade {when}',
      ],
    },
    delivery: {
      positive: [
        'Chegou {thing}, {very} rápido, obrigada!',
        'O estafeta {at} está sempre a sorrir, adoro',
        '{thing} sem problema nenhum, ótimo serviço',
        '{who} recebeu {thing} e ficou {very} feliz',
      ],
      neutral: [
        'À espera: {thing} chega entre as nove e as onze',
        'Um camião está a descarregar {at}',
        'Deixaram {thing} com {who}',
        'A carrinha está {at}, diz o mapa',
      ],
      negative: [
        '{thing} chegou partido, {very} dececionante',
        'Foram embora sem tocar {when}, péssimo serviço',
        'Perderam outra vez {thing}, estou farta',
        'Um camião bloqueia a rua {at}, insuportável',
      ],
    },
    football: {
      positive: [
        'O Mira FC está a jogar {very} bem {minute}!',
        '{who} e eu adoramos esta equipa',
        'A ganhar contra {rival} {minute}, {very} feliz',
        'A melhor defesa do ano {minute}, fantástico',
      ],
      neutral: [
        'Mira FC contra {rival}, começa a segunda parte',
        'Canto {minute}',
        'Vejo o jogo {at} com {who}',
        'Substituição {minute}, entra o 14',
      ],
      negative: [
        'Este árbitro é {very} mau',
        'Bola perdida {minute}, que tristeza',
        'A defesa não está bem {when}, estou preocupado',
        'Penálti falhado {minute}, horrível',
      ],
    },
    food: {
      positive: [
        'Adoro {cafe}, come-se {very} bem',
        'Provei {dish} {when}, que delícia',
        'Que bom que estava tudo: {dish} e um café',
        '{who} fez {dish}, obrigado!',
      ],
      neutral: [
        '{cafe} abre às sete',
        'Hoje ao almoço: {dish}',
        'Encontro {at}, {who} leva o pão',
        'Onde se vende {dish} {at}?',
      ],
      negative: [
        'Provei {dish} sem sabor, que nojo',
        'Quarenta minutos à espera por comida fria, {very} mau',
        'Não gostei: {cafe} está pior {when}',
        '{cafe} está sujo {when}, uma vergonha',
      ],
    },
    concert: {
      positive: [
        'Noite linda com {band} {at}',
        'Tenho bilhetes para {band}, que alegria!',
        'A dançar com {band} {at}, {very} feliz',
        'Adorei {band}, {who} também',
      ],
      neutral: [
        '{band} toca às nove {at}',
        'Ensaio {at}: {band}',
        'Vou ver {band} com {who}',
        'As portas abrem às sete e meia {at}',
      ],
      negative: [
        '{band} já não toca, cancelado, {very} triste',
        'O som {at} estava horrível',
        'Não gostei do concerto, {band} foi uma deceção',
        'Caro demais ver {band}, um roubo',
      ],
    },
    city: {
      positive: [
        'Passeio {at} {when}, que cidade tão bonita',
        'As pessoas {at} são {very} simpáticas',
        'A nova ciclovia {at} é ótima',
        '{who} mora agora em Miravela e adora',
      ],
      neutral: [
        'Obras {at} até sexta-feira',
        'A feira agora é {at}',
        'A ponte abre ao meio-dia',
        '{who} perguntou o caminho {at}',
      ],
      negative: [
        'Lixo {at} {when}, {very} feio',
        'O barulho {at} é insuportável',
        'O trânsito {at} é um desastre {when}',
        'Roubaram-me a bicicleta {at}, que raiva',
      ],
    },
  },
  openers: {
    positive: ['Boa!', 'Bom dia!', 'Que bom:'],
    neutral: ['Já agora...', 'Aviso:', 'Então...'],
    negative: ['Ai...', 'A sério?', 'Más notícias:'],
  },
  closers: {
    positive: [':)', 'Obrigado!', '😊', '🎉', 'Que maravilha!'],
    neutral: ['...', 'Mais alguém?', 'Até já.'],
    negative: [':(', '😡', '😞', 'Nunca mais.', 'Que pena!'],
  },
  tags: {
    tram: ['#elétrico', '#transportes'],
    weather: ['#tempo', '#chuva'],
    delivery: ['#entrega', '#encomenda'],
    football: ['#MiraFC', '#dérbi'],
    food: ['#comida', '#almoço'],
    concert: ['#música', '#concerto'],
    city: ['#Miravela', '#cidade'],
  },
  goal: [
    'GOOOLO do Mira FC!!!',
    'Que golo, uma maravilha!',
    'Toda a rua canta {at}, {very} felizes!',
    '{who} chora de alegria, GOLO!',
    'Força Mira FC, 1-0 contra {rival}!',
  ],
} satisfies Phrases;
