import type { Phrases } from './phrases.ts';

/** Spanish. */
export default {
  words: {
    very: ['muy', 'súper', 'realmente', 'tan', 'increíblemente'],
    line: ['la línea 4', 'la línea 7', 'el tranvía 12', 'el tranvía nocturno'],
    at: [
      'en Salt Avenue',
      'junto al Long Bridge',
      'en el puerto',
      'cerca del parque',
      'en el muelle norte',
      'detrás de la ópera',
      'en Ocean Boulevard',
    ],
    when: ['esta mañana', 'hoy', 'otra vez', 'a las ocho', 'ahora mismo', 'antes del café'],
    who: ['mi hermana', 'mi vecino', 'mi abuela', 'un compañero', 'mi primo'],
    thing: ['el paquete', 'el espejo', 'el regalo de cumpleaños', 'mi casco nuevo', 'el libro de cocina'],
    dish: [
      'las sardinas',
      'la tortilla',
      'el arroz con almejas',
      'la sopa de pescado',
      'el pastel de naranja',
    ],
    cafe: ['el café de la esquina', 'el mercado', 'el horno de Mill Street', 'el puesto junto al estanque'],
    band: ['la Salt Orchestra', 'la coral de los martes', 'la orquesta de jazz', 'la banda del puerto'],
    rival: ['Dunas City', 'Dunas'],
    minute: ['en el minuto 12', 'antes del descanso', 'en la segunda parte', 'en el descuento'],
  },
  sentences: {
    tram: {
      positive: [
        'Hoy {line} va {very} bien, qué alegría',
        'Me encanta cruzar el río con {line} {when}',
        'El conductor me esperó {at}, {very} amable',
        'Nada mal el viaje en {line} {when}, estoy contento',
      ],
      neutral: [
        '{line} sale {at} a y diez',
        '¿Qué tranvía va del puerto a la ópera, {line}?',
        'Cambian el horario de {line} la semana que viene',
        'Espero {line} {at} con {who}',
      ],
      negative: [
        '{line} llega tarde {when}, qué desastre',
        'Atascados {at} en {line}, {very} molesto',
        'Odio lo llena que va {line} {when}',
        'No funciona bien {line} {when}, {very} mal servicio',
      ],
    },
    weather: {
      positive: [
        'Qué sol tan bonito {at} {when}',
        'Tiempo perfecto para pasear {at}',
        'Ni frío ni calor {at}, una maravilla',
        'La luz {at} es {very} hermosa {when}',
      ],
      neutral: [
        'Dieciséis grados y nubes {at}',
        'El viento gira al oeste {when}',
        'Baja la marea {at}',
        'Niebla sobre el río {when}',
      ],
      negative: [
        'Esta lluvia {at} es horrible',
        'Empapada {at} {when}, qué rabia',
        'Se me rompió el paraguas {at}, odio este viento',
        'No me gusta nada esta tormenta {when}',
      ],
    },
    delivery: {
      positive: [
        'Llegó {thing} {very} rápido, ¡gracias!',
        'El repartidor {at} siempre sonríe, me encanta',
        '{thing} sin ningún problema, gran servicio',
        '{who} está feliz: por fin tiene {thing}',
      ],
      neutral: [
        'Esperando {thing}, entre las nueve y las once',
        'Hay un camión descargando {at}',
        'Dejaron {thing} con {who}',
        'La furgoneta está {at}, dice el mapa',
      ],
      negative: [
        '{thing} llegó roto, {very} decepcionante',
        'Se fueron sin llamar {when}, pésimo servicio',
        'Otra vez perdieron {thing}, estoy harta',
        'Un camión bloquea la calle {at}, qué vergüenza',
      ],
    },
    football: {
      positive: [
        '¡Qué bien juega Mira FC {minute}!',
        '{who} y yo adoramos este equipo',
        'Ganamos a {rival} {minute}, {very} feliz',
        'La mejor parada del año {minute}, genial',
      ],
      neutral: [
        'Mira FC contra {rival}, empieza la segunda parte',
        'Saque de esquina {minute}',
        'Veo el partido {at} con {who}',
        'Cambio {minute}, entra el 14',
      ],
      negative: [
        'Ese árbitro es malísimo',
        'Perdimos el balón otra vez {minute}, qué pena',
        'La defensa no juega bien {when}, {very} triste',
        'Penalti fallado {minute}, horrible',
      ],
    },
    food: {
      positive: [
        'En {cafe} probé {dish}, {very} rico',
        'Me encanta comer {dish} {when}',
        'El café en {cafe} está {very} bueno {when}',
        '{who} preparó {dish}, qué delicia',
      ],
      neutral: [
        '{cafe} abre a las siete',
        'Hoy para comer: {dish} en {cafe}',
        'Quedo con {who} en {cafe}',
        '¿Dónde venden {dish} {at}?',
      ],
      negative: [
        'En {cafe} me sirvieron {dish} sin sabor, qué asco',
        'Cuarenta minutos esperando {dish}, {very} mal',
        'No me gustó nada {cafe} {when}',
        '{cafe} está sucio {when}, una vergüenza',
      ],
    },
    concert: {
      positive: [
        'Noche preciosa con {band} {at}',
        '¡Tengo entradas para {band}, qué ilusión!',
        'Bailando con {band} {at}, {very} feliz',
        'Me encantó {band}, {who} no paraba de sonreír',
      ],
      neutral: [
        '{band} toca a las nueve {at}',
        'Ensayo de {band} {at}',
        'Voy a ver a {band} con {who}',
        'Abren las puertas a las siete y media {at}',
      ],
      negative: [
        'Cancelaron a {band}, {very} triste',
        'El sonido {at} era horrible',
        'No me gustó {band}, qué aburrimiento',
        'Demasiado caro ver a {band}, qué robo',
      ],
    },
    city: {
      positive: [
        'Paseando {at} {when}, qué ciudad tan bonita',
        'La gente {at} es {very} amable',
        'El nuevo carril bici {at} es genial',
        '{who} se mudó a Miravela y está feliz',
      ],
      neutral: [
        'Hay obras {at} hasta el viernes',
        'El mercadillo se cambia de sitio, ahora {at}',
        'El puente se abre a mediodía',
        '{who} preguntó el camino {at}',
      ],
      negative: [
        'Basura {at} {when}, {very} feo',
        'El ruido {at} es insoportable',
        'El tráfico {at} es un desastre {when}',
        'Me robaron la bici {at}, qué rabia',
      ],
    },
  },
  openers: {
    positive: ['¡Bien!', 'Buenos días:', '¡Vaya!'],
    neutral: ['Por cierto...', 'Aviso:', 'Bueno...'],
    negative: ['Uf...', 'En serio...', 'Malas noticias:'],
  },
  closers: {
    positive: [':)', '¡Gracias!', '😊', '🎉', '¡Bravo!'],
    neutral: ['...', '¿Alguien más?', 'Nos vemos allí.'],
    negative: [':(', '😡', '😞', 'Nunca más.', '¡Qué mal!'],
  },
  tags: {
    tram: ['#tranvía', '#Miravela'],
    weather: ['#tiempo', '#lluvia'],
    delivery: ['#reparto', '#paquete'],
    football: ['#MiraFC', '#derbi'],
    food: ['#comida', '#desayuno'],
    concert: ['#música', '#MiravelaNights'],
    city: ['#Miravela', '#ciudad'],
  },
  goal: [
    '¡¡¡GOOOL de Mira FC!!!',
    '¡Golazo, qué maravilla!',
    '¡Toda la calle grita gol {at}, {very} feliz!',
    '¡{who} llora de alegría, GOL!',
    '¡Vamos, Mira FC, 1-0 contra {rival}!',
  ],
} satisfies Phrases;
