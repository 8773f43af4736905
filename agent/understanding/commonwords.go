package understanding

// commonWords are English words that name no product.
var commonWords = listed(`a about actually after again agent ago all also always am an and another any anyone anything are around as ask at available away
	back bad be because been before best better big bigger birthday bit bot both brand brands brighter bring budget but buy by can
	can't cannot change chat cheaper cheapest check checkout choice choose color colors colour colours come cost could couple customer
	darker day dear delivery did didn't difference different do does doesn't doing dollar dollars don't done dont each else email
	enough even ever every everything expensive fast faster few fifth find first for fourth friend from full get give go going gonna
	good got gotta great guys had happy has hasn't have haven't he heavier hello help her here hey hi him his hour how human i i'd
	i'll i'm i've idea ideas if im in inside instead into is isn't it it's item items its just keep know larger last later least less
	let let's lighter like little long longer look looking lot lots love made make manager many may maybe me mean mind model models
	money month more most much must my name need never new next nice nicer no none not nothing now of off ok okay old on once one ones
	only open option options or order other others our out over own page pair pairs part people person pick place please pls plz
	possible price problem product products put question quickly quite rather real really recommend recommendation refund regular
	result results return right robot safe said same say second see sell send service she shipping shop shorter should show similar
	since size sizes slow small smaller so some somebody someone something soon sort speak start still stock store stronger stuff such
	suggest suggestion support sure take talk tell than thank thanks that that's the their them then there there's these they thing
	things think thinner third this those though time to today together tomorrow too total try two type u under until up upon us use
	used using version very view lookin gimme lemme tryna thx ya ur sth wait wanna want was way we week well went were what what's whatever whats when where which while who
	why wider will wish with within without won won't work works would wrong yeah year yes yesterday yet you your`)
