//! The range: eight things for the kitchen and the house.

use super::{Film, Ground, Product};
use crate::language::Text;

const fn text(ja: &'static str, en: &'static str) -> Text {
    Text { ja, en }
}

/// Everything on the shelves, in the order of the list.
pub static PRODUCTS: [Product; 8] = [
    Product {
        slug: "kyusu",
        name: text("横手の急須", "Side-handled teapot"),
        lead: text("最後の一滴まで、軽く注げます。", "Pours lightly, down to the last drop."),
        about: text(
            "東山の窯で一つずつ挽いた、両手におさまる大きさの急須です。細かな茶こしを同じ土で作りつけているので、深蒸しの葉でも目がつまりません。使うほどに土がお茶をふくみ、色つやが深くなっていきます。",
            "Thrown one at a time at a kiln in Higashiyama, this teapot sits comfortably in two hands. Its fine strainer is built in from the same clay, so even deep-steamed leaves will not clog it. The more you use it, the deeper its colour becomes.",
        ),
        price: 7_480,
        material: text("炻器（無釉）", "Unglazed stoneware"),
        size: text("幅15 × 奥行14 × 高さ9cm／300ml", "15 × 14 × 9 cm, 300 ml"),
        made_in: text("京都市東山区", "Higashiyama, Kyoto"),
        care: text(
            "使ったあとは洗剤を使わずに湯ですすぎ、ふたを外して乾かしてください。",
            "Rinse with hot water, without detergent, and let it dry with the lid off.",
        ),
        ground: Ground::Persimmon,
        picture: text("赤茶色の横手の急須", "A russet teapot with a handle at its side"),
        drawing: include_str!("../../assets/illustrations/kyusu.svg"),
        film: Some(Film {
            title: text("おいしい煎茶のいれ方", "How to brew a good sencha"),
            caption: text(
                "湯を冷まし、待ち、注ぎきる。短い動画です。",
                "Cool the water, wait, pour to the last drop. A short film.",
            ),
            scene: include_str!("../../assets/illustrations/film-tea.svg"),
        }),
    },
    Product {
        slug: "meshiwan",
        name: text("粉引の飯碗", "Kohiki rice bowl"),
        lead: text("白い土をまとった、ふだんの飯碗。", "An everyday bowl in a coat of white slip."),
        about: text(
            "赤土に白い化粧土をかけて焼いた、やわらかな白の飯碗です。口が少し開いた形なので、よそいやすく、洗いやすい。お茶漬けにも、小どんぶりにもちょうどよい大きさです。",
            "Red clay dipped in white slip gives this bowl its soft, warm white. The gently open lip makes it easy to fill and easy to wash, and the size suits rice with tea as well as a small donburi.",
        ),
        price: 3_520,
        material: text("陶器", "Earthenware"),
        size: text("直径12 × 高さ6.5cm", "12 cm across, 6.5 cm high"),
        made_in: text("京都府宇治市", "Uji, Kyoto"),
        care: text(
            "はじめに米のとぎ汁で煮ると、しみがつきにくくなります。電子レンジは温めだけに。",
            "Simmer once in the water from washing rice and it will resist stains. Microwave for warming only.",
        ),
        ground: Ground::Celadon,
        picture: text("ご飯をよそった白い飯碗", "A white bowl filled with rice"),
        drawing: include_str!("../../assets/illustrations/meshiwan.svg"),
        film: None,
    },
    Product {
        slug: "chazutsu",
        name: text("銅の茶筒", "Copper tea caddy"),
        lead: text("ふたが、ひとりでに閉まります。", "The lid settles shut by itself."),
        about: text(
            "職人が板から起こし、内と外を合わせた二重の茶筒です。ふたを口にのせて手を放すと、空気を押し出しながら静かに下りていきます。銅の色は、手の触れたところから少しずつ飴色に変わります。",
            "Worked up from sheet metal, with an inner and an outer wall that fit to a hair. Set the lid on the rim, let go, and it sinks slowly as the air slips out. The copper turns amber, first where your hands touch it.",
        ),
        price: 13_200,
        material: text("銅（内側は錫引き）", "Copper, tinned inside"),
        size: text("直径8 × 高さ9.5cm／茶葉100g", "8 cm across, 9.5 cm high, holds 100 g of tea"),
        made_in: text("京都市下京区", "Shimogyo, Kyoto"),
        care: text(
            "水気を避け、乾いたやわらかい布で拭いてください。",
            "Keep it dry and wipe it with a soft cloth.",
        ),
        ground: Ground::Sand,
        picture: text("ふたつきの銅の茶筒", "A lidded copper tea caddy"),
        drawing: include_str!("../../assets/illustrations/chazutsu.svg"),
        film: None,
    },
    Product {
        slug: "shuro-hoki",
        name: text("棕櫚の小ぼうき", "Palm-fibre hand broom"),
        lead: text("机の上も、畳のへりも、ひと掃き。", "For a desk, or the edge of a mat."),
        about: text(
            "棕櫚の皮を一枚ずつほぐし、銅線で束ねた手ぼうきです。繊維にふくまれる油が畳や板の間につやを与え、ほこりを舞い上げません。柄の先の輪で、柱にかけておけます。",
            "Palm bark, teased out sheet by sheet and bound with copper wire. Oils in the fibre bring a gentle shine to wood and tatami and keep dust from flying. Hang it from a post by the loop on its handle.",
        ),
        price: 4_950,
        material: text("棕櫚、黒竹、銅線", "Palm fibre, black bamboo, copper wire"),
        size: text("幅16 × 長さ34cm", "16 × 34 cm"),
        made_in: text("京都市左京区", "Sakyo, Kyoto"),
        care: text(
            "穂先に癖がついたら、ぬるま湯でほぐし、つるして乾かしてください。",
            "If the tip bends, loosen it in lukewarm water and hang it up to dry.",
        ),
        ground: Ground::Indigo,
        picture: text("竹の柄の小ぼうき", "A hand broom with a bamboo handle"),
        drawing: include_str!("../../assets/illustrations/shuro-hoki.svg"),
        film: Some(Film {
            title: text("小ぼうきの使い方と手入れ", "Using and keeping a hand broom"),
            caption: text(
                "畳の目に沿って、力を入れずに。短い動画です。",
                "Along the weave, without pressing. A short film.",
            ),
            scene: include_str!("../../assets/illustrations/film-broom.svg"),
        }),
    },
    Product {
        slug: "yakiami",
        name: text("手編みの焼き網", "Hand-woven toasting grill"),
        lead: text("餅も食パンも、外はかりっと。", "Rice cakes and toast, crisp outside."),
        about: text(
            "一本の針金を亀甲に編んだ、足つきの焼き網です。下の受け網が炎をやわらげ、遠火の強火で焼きあがります。朝のトーストが、少し待ち遠しくなる道具です。",
            "Wire woven by hand into a tortoiseshell pattern, on small feet. The mesh below softens the flame, so the heat is strong yet distant. It makes waiting for the morning toast part of the pleasure.",
        ),
        price: 5_280,
        material: text("ステンレス", "Stainless steel"),
        size: text("幅18 × 奥行18 × 高さ4cm", "18 × 18 × 4 cm"),
        made_in: text("京都市東山区", "Higashiyama, Kyoto"),
        care: text(
            "冷めてから、たわしで水洗いしてください。ガス火専用です。",
            "Let it cool, then scrub with water. For gas flames only.",
        ),
        ground: Ground::Sand,
        picture: text("餅を二つのせた焼き網", "A wire grill with two rice cakes on it"),
        drawing: include_str!("../../assets/illustrations/yakiami.svg"),
        film: None,
    },
    Product {
        slug: "tenugui",
        name: text("注染の手ぬぐい", "Hand-dyed tenugui"),
        lead: text("拭く、包む、飾る。一枚で足ります。", "To wipe, to wrap, to hang on a wall."),
        about: text(
            "型紙で糊を置き、じょうろで染料を注ぐ「注染」の手ぬぐいです。糸の芯まで染まるので、表も裏も同じ色。端は切りっぱなしで、水切れがよく、すぐに乾きます。柄は、晴れた日の鴨川の波です。",
            "Dyed by chusen: paste through a stencil, then dye poured from a can, right to the core of the thread, so both faces are alike. The ends are left unhemmed and dry quickly. The pattern is the Kamo river on a fine day.",
        ),
        price: 1_760,
        material: text("綿（特岡）", "Fine cotton"),
        size: text("34 × 90cm", "34 × 90 cm"),
        made_in: text("京都市中京区", "Nakagyo, Kyoto"),
        care: text(
            "はじめの数回は色が出ます。分けて水洗いし、陰干ししてください。",
            "Colour runs in the first few washes: wash apart in water and dry in the shade.",
        ),
        ground: Ground::Celadon,
        picture: text("波の柄を染めた藍色の手ぬぐい", "An indigo cloth dyed with waves"),
        drawing: include_str!("../../assets/illustrations/tenugui.svg"),
        film: None,
    },
    Product {
        slug: "warosoku",
        name: text("櫨の和ろうそく", "Wax-tree candles"),
        lead: text("ゆっくり揺れる、大きな灯り。", "A tall flame that sways slowly."),
        about: text(
            "櫨の実からとった蝋を、い草の芯に手で塗り重ねたろうそくです。芯が空洞なので炎が高く、風がなくてもゆらぎます。すすが少なく、夕食の卓にもお使いいただけます。四本入り。",
            "Wax pressed from sumac berries, built up by hand around a hollow rush wick. The flame stands tall and sways even in still air. There is little soot, so it may join you at dinner. Box of four.",
        ),
        price: 2_200,
        material: text("櫨蝋、い草、和紙", "Sumac wax, rush, washi"),
        size: text("長さ12cm／およそ70分", "12 cm, burns for about 70 minutes"),
        made_in: text("京都市伏見区", "Fushimi, Kyoto"),
        care: text(
            "直射日光を避け、涼しい所に。火のそばを離れないでください。",
            "Store cool and out of the sun. Never leave a flame alone.",
        ),
        ground: Ground::Indigo,
        picture: text("燭台に灯る和ろうそく", "A candle burning on an iron stand"),
        drawing: include_str!("../../assets/illustrations/warosoku.svg"),
        film: None,
    },
    Product {
        slug: "takekago",
        name: text("真竹の盛りかご", "Bamboo serving basket"),
        lead: text("果物も、焼きたてのパンも。", "For fruit, or bread from the oven."),
        about: text(
            "油抜きした真竹を六つ目に編んだ、浅いかごです。縁は二重に巻いてあり、片手で持ってもたわみません。風が通るので、野菜の一時置きにも、そばの盛りつけにも向いています。",
            "A shallow basket of cured bamboo in an open six-sided weave. The rim is wrapped twice and stays firm in one hand. Air passes freely, which suits vegetables waiting their turn as well as cold soba.",
        ),
        price: 6_380,
        material: text("真竹、籐", "Madake bamboo, rattan"),
        size: text("直径27 × 高さ8cm", "27 cm across, 8 cm high"),
        made_in: text("京都府長岡京市", "Nagaokakyo, Kyoto"),
        care: text(
            "濡れたら拭いて、風通しのよい日陰で乾かしてください。",
            "Wipe when wet and dry in an airy, shaded place.",
        ),
        ground: Ground::Persimmon,
        picture: text("柿を盛った竹かご", "A bamboo basket of persimmons"),
        drawing: include_str!("../../assets/illustrations/takekago.svg"),
        film: None,
    },
];
