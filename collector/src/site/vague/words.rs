//! Words that fit any business: for whom and by whom, on what, towards what, by what, under which
//! heading.

/// Taken away from a Japanese text, longest first.
pub(super) const JAPANESE: &str = "
    お客様 お客さま 客様 顧客 ユーザー ユーザ 利用者 皆様 皆さま 当社 弊社 当店 当サイト
    本サイト 自社 会社 企業 私たち 私達
    サービス 商品・サービス 商品やサービス 商品・サービスの開発 商品開発 商品の開発 製品開発
    新商品・サービス コンテンツ 機能 サイト ウェブサイト ウェブ webサイト web ホームページ
    アプリ 情報 個人情報 個人データ データ cookie クッキー 取得 収集 処理
    向上 改善 改良 最適化 最適 充実 強化 拡充 品質 質の高い クオリティ 利便性 便利 快適 快適性
    満足度 満足 体験 エクスペリエンス ユーザビリティ 使いやすさ 使い勝手 ux ニーズ 期待 価値
    付加価値 創造 創出 魅力的 魅力 発展 成長 社会 貢献 効果的 効率的 効率化 効率 円滑 適切 適正
    良い 良く より良 高め 高い 最高 最良
    提供 運営 運用 管理 推進 促進 支援 実施 実現 遂行 開発 研究 研究開発 企画 活動 活用 利用
    使用 用い 行い 行う 行な 行え 応じ 合った 合わせ 応え 使い 使う 使わ 図る 図り 図っ 努め
    目指 役立 上げ 向け 取り扱 取扱 得る 継続的 継続 日々
    マーケティング ビジネス 事業 業務 営業 経営 目的 用途 各種 様々 種々 関連 関係 全般 一般
    一環 必要 範囲 場合 等 その他 今後 将来 新規 為
";

/// Taken away from an English text; `*` stands for any ending.
pub(super) const ENGLISH: &str = "
    to for the an of in on at and or by with from as so it its it's is are be been will would
    may might can could should do does that this these those which what how when where who if
    any all more most other some such etc also well very not only about into through than then
    we us our ours you your yours they their them my me i
    user* customer* client* consumer* visitor visitors people everyone company compan* organi*
    team
    service* product* offering* site* website* web app apps platform* content* feature*
    functionalit* data information info personal cookie* technolog* thing* everything
    improv* enhanc* optimi* better best good great* quality experience* grow* value* efficien*
    effective effectively smooth* overall continu* constant* always new meet satisf* success*
    excellen* seamless* relevant
    use used uses using usage provid* provision offer offers offered operat* run running
    maintain* support* develop* research make making ensur* help* need* necessary requir*
    collect* process* gather* giv* personali* tailor* manag*
    purpose* business* commercial marketing general* various internal external legitimate
    interest* related reason* administrative operations
";
