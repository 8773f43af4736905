package understanding

import "floorwalker/shop"

// joins may stand between two values of which either will do; ors say that it is so.
var (
	ors   = listed(`or / 或 或者 或是 还是`)
	joins = listed(`, 、 in a an the maybe perhaps even else one ones 的 色 也 行 都 可以`)
)

// others are the values that will do as well as the one that was said first: blue in "red or blue".
func (s *scene) others(x shop.Slots) shop.Others {
	return shop.Others{Brands: s.alike(x.Brand, tagBrand, isBrand), Colors: s.alike(x.Color, tagColor, isColor), Materials: s.alike(x.Material, tagMaterial, isMaterial)}
}

// alike are the further values of a kind in a row that an "or" joins; first is the slot's value, "" where it has none.
func (s *scene) alike(first string, kind tag, is class) (values []string) {
	all := s.spans(kind)
	if first == "" || len(all) == 0 {
		return nil
	}
	either := false
	for i := all[0].to; i < len(s.tokens); i++ {
		switch t := s.tokens[i]; {
		case ors[t.text]:
			either = true
		case joins[t.text]:
		case t.as == 0 && t.is&is != 0 && t.is&isCommon == 0 && s.tags[i] != tagExclude:
			end := i + 1
			for end < len(s.tokens) && s.tokens[end].as == 0 && s.tokens[end].is&is != 0 {
				end++
			}
			values = append(values, s.said(span{i, end}))
			i = end - 1
		default:
			i = len(s.tokens)
		}
	}
	if !either {
		return nil
	}
	return values
}
