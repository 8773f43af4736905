package main

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// newModel names a model: a word, often with a number, or a code of letters and a number.
func newModel(r *rand.Rand, codes bool) string {
	if codes && r.IntN(5) < 3 {
		const letters = "ABCDEFGHKLMNPRSTVX"
		code := string(letters[r.IntN(len(letters))])
		if r.IntN(2) == 0 {
			code += string(letters[r.IntN(len(letters))])
		}
		if r.IntN(3) == 0 {
			return fmt.Sprintf("%s-%d", code, 2+r.IntN(97))
		}
		return fmt.Sprintf("%s%d0", code, 2+r.IntN(97))
	}
	word := modelWords[r.IntN(len(modelWords))]
	switch r.IntN(6) {
	case 0:
		return fmt.Sprintf("%s %d", word, 2+r.IntN(8))
	case 1:
		if other := modelWords[r.IntN(len(modelWords))]; other != word {
			return word + " " + other
		}
	}
	return word
}

var modelWords = strings.Fields(`
Aldea Alder Almira Amaro Anello Anselm Arbon Arden Arlen Arno Aspen Astrid Avelin Avoca Balin Baltic Barrow Basil
Bayard Beacon Belmar Berwick Birken Blythe Bolero Bracken Bramble Brio Brisa Caldera Calder Calla Camber Candor
Canto Capella Carden Carina Cascade Cedra Celeste Chalet Cinder Clover Colby Corbel Corin Corvo Cove Cresta Dalby
Dalen Darro Delphi Denby Derwent Dorada Dorian Draven Drift Dune Eben Edda Elara Elan Ember Emeric Endra
Enzo Esker Estrel Evora Fable Farley Fathom Fenn Ferro Fidel Fiora Fjell Flint Forma Fresco Galen Gale Garnet
Gavot Glade Glen Granby Halcyon Halden Halo Harbor Harlan Havel Hazel Helio Hollis Horizon Idra Ilex Imber Indira Inverno
Iris Isola Ivaro Jarrow Jonquil Juno Kalmar Kelda Kerrin Kilda Kirin Koda Laguna Larch Lario Latona
Laurel Leander Linden Lira Lisbon Lodestar Lomond Lorne Lumen Lyra Madrona Malin Manta Marlow Medley Melba Meridian
Merlin Mesa Mica Mirren Mistral Monta Moraine Morrow Nadir Nara Nave Nerida Nimbus Noble Nocturne Norden Norwell Oberon Odell
Olna Opaline Orbit Orchard Orla Orrin Outpost Palma Parro Patina Pelham Pepin Perrin Petra Pilgrim Pinto
Pippin Plover Portia Quarry Quill Quarto Ramble Rana Relay Rennie Rhona Ridge Rigel Rill
Rima Rivet Roan Rondo Rowan Runa Rusk Sable Sabin Salvia Saxon Selka Serif Serra Shale Sierra Signal Simcoe Skerry
Solano Sorrel Spar Spindle Sprig Stanza Stellan Sterna Stratus Summit Sumac Swale Tabor Talus Tamar Tansy Tarn Tavira
Tempo Tessel Thicket Thistle Tidal Timbre Tindra Tolmen Topaz Torrin Tova Trieste Tundra Umbra Una Vale Valor
Vanta Varna Vela Verbena Verano Vesper Vireo Waverly Weald Wharf Willow Windrow Wren Yarrow Yonder Zephyr Zinnia Zora
`)

// openings begin a description. The purposes are gerunds or nouns, so they go with any of these.
var openings = []sentence{
	{words: words{"{name} is {akind} for {purpose}.", "{name}是一{mw}适合{purpose}的{vkind}。"}},
	{words: words{"Made for {purpose}, {name} is {akind} in {colour}.", "{name}是一{mw}{colour}{vkind}，为{purpose}而生。"}},
	{words: words{"{brand} built the {model}, {akind}, for {purpose}.", "{brand}设计{model}这{mw}{vkind}时，想的就是{purpose}。"}},
	{words: words{"{brand} makes {this} {vkind} with {purpose} in mind.", "{brand}的这{mw}{vkind}，从{purpose}的需要出发。"}},
	{words: words{"Looking for {akind} for {purpose}? The {model} is a good place to start.", "想找一{mw}适合{purpose}的{kind}？不妨从{model}看起。"}},
	{words: words{"Whether for {purpose} or for {purpose2}, {this} {vkind} {is} up to the job.", "无论{purpose}还是{purpose2}，这{mw}{vkind}都能胜任。"}},
	{words: words{"For {purpose} there is the {brand} {model}, {akind} that keep{s} things simple.", "{purpose}，选{brand} {model}就好：一{mw}简单好用的{kind}。"}},
	{words: words{"{This} {colour} {kind} from {brand} {was} chosen by our buyers for {purpose}.", "这{mw}{colour}{kind}来自{brand}，是我们的买手为{purpose}挑选的。"}},
	{words: words{"{Purpose} and {purpose2}: that is what {this} {vkind} {was} made for.", "{purpose}、{purpose2}，正是这{mw}{vkind}的用武之地。"}},
	{words: words{"Our pick for {purpose}: {akind} by {brand}.", "我们为{purpose}推荐：{brand}的{vkind}。"}},
	{words: words{"If you need {akind} for {purpose}, {name} deserves a look.", "要为{purpose}选一{mw}{kind}，{name}值得一看。"}},
	{words: words{"With the {model}, {brand} set out to make {akind} that suit{s} {purpose} as well as {purpose2}.", "{brand}希望{model}这{mw}{kind}既适合{purpose}，也适合{purpose2}。"}},
	{words: words{"{Akind} by {brand}, well suited to {purpose}.", "{brand}出品的{vkind}，最适合{purpose}。"}},
	{words: words{"{brand}'s answer to {purpose} is called {model}: {akind} without frills.", "说到{purpose}，{brand}给出的答案是{model}，一{mw}实实在在的{vkind}。"}},
	{words: words{"Customers buy {this} {kind} for {purpose}, and keep {them} for {purpose2}.", "不少买家为{purpose}选了这{mw}{kind}，后来{purpose2}也用它。"}},
	{words: words{"{Colour}, practical and meant for {purpose}: that sums up {this} {kind} by {brand}.", "{colour}外观，实用为先，{brand}的这{mw}{kind}就是为{purpose}准备的。"}},
}

// bookOpenings begin the description of a book.
var bookOpenings = []sentence{
	{words: words{"\"{variant}\" is a {kind} for {purpose}.", "《{variant}》是一本适合{purpose}的{kind}。"}},
	{words: words{"Published by {brand}, \"{variant}\" goes well with {purpose}.", "{brand}出版的《{variant}》，最适合{purpose}。"}},
	{words: words{"For {purpose} we recommend \"{variant}\", a {kind} from {brand}.", "{purpose}，我们推荐{brand}的{kind}《{variant}》。"}},
	{words: words{"Our booksellers' choice for {purpose}: \"{variant}\".", "书店店员为{purpose}推荐：《{variant}》。"}},
	{words: words{"Whether for {purpose} or for {purpose2}, \"{variant}\" is a {kind} to keep.", "无论{purpose}还是{purpose2}，《{variant}》都值得收藏。"}},
	{words: words{"{brand}'s {format} edition of this {kind} suits {purpose} as well as {purpose2}.", "{brand}的这本{format}{kind}，适合{purpose}，也适合{purpose2}。"}},
}
