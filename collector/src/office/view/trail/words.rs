//! What stands in the trail by stable names, as people call it.

use crate::office::tongue::Tongue;

/// What is done, as people call it.
pub(super) const ACTIONS: [(&str, &str, &str); 60] = [
    ("account.log_in", "ログイン", "Log-in"),
    ("account.list", "メンバー一覧の閲覧", "People listed"),
    ("account.role", "役割の変更", "Role given"),
    ("account.unrole", "役割の取り消し", "Role taken"),
    ("account.link", "リンクの発行", "Link made"),
    ("account.disable", "アカウントの停止", "Account disabled"),
    ("account.delete", "アカウントの削除", "Account deleted"),
    ("account.password", "パスワードの変更", "Password changed"),
    ("account.totp", "認証アプリの設定", "App switched on or off"),
    ("account.codes", "リカバリーコードの再発行", "New recovery codes"),
    ("account.passkey", "パスキーの設定", "Passkey added or removed"),
    ("account.reset_factors", "2段階認証の解除", "Second step taken off"),
    ("account.unbind", "外部認証との紐付けの解除", "Unbound from the identity provider"),
    ("account.kept_out", "接続元による拒否", "Kept out by network"),
    ("approval.ask", "承認の依頼", "Approval asked for"),
    ("approval.approve", "承認", "Approved"),
    ("approval.decline", "却下", "Declined"),
    ("approval.withdraw", "依頼の取り下げ", "Taken back"),
    ("approval.use", "承認された操作の実行", "What was approved was done"),
    ("audit.verify", "監査記録の検証", "Trail verified"),
    ("audit.export", "監査記録の書き出し", "Trail exported"),
    ("decision.erase", "同意記録の消去", "Decision erased"),
    ("event.export", "イベントの書き出しの開始", "Export of events begun"),
    ("event.exported", "イベントの書き出しの完了", "Export of events ended"),
    ("lead.add", "リードの追加", "Lead added"),
    ("lead.change", "リードの変更", "Lead changed"),
    ("lead.erase", "リードの消去", "Lead erased"),
    ("lead.export", "リードの書き出し", "Leads exported"),
    ("lead.ground", "連絡の根拠の登録", "Ground given"),
    ("lead.import", "リードの取り込み", "Leads imported"),
    ("lead.list", "リード一覧の閲覧", "Leads listed"),
    ("lead.read", "リードの閲覧", "Lead read"),
    ("lead.rewrap", "リードの鍵の更新", "Keys of leads renewed"),
    ("lead.score", "スコアの閲覧", "Scores read"),
    ("lead.segment", "セグメントの照会", "Segment of leads asked for"),
    ("lead.timeline", "行動記録の閲覧", "Timeline read"),
    ("lead.unground", "連絡の根拠の取り消し", "Ground taken back"),
    ("mail.suppress", "メールの停止", "Mail stopped"),
    ("mail.unsuppress", "メール停止の取り消し", "Stop of mail taken back"),
    ("retention.dispose", "保存期限による消去", "Disposed of"),
    ("score.add", "スコアの規則の保存", "Rule of scores kept"),
    ("score.remove", "スコアの規則の削除", "Rule of scores removed"),
    ("segment.add", "セグメントの保存", "Segment kept"),
    ("segment.remove", "セグメントの削除", "Segment removed"),
    ("site.apply", "サイトファイルの適用", "Site file applied"),
    ("subject.receive", "開示等の請求の受付", "Request received"),
    ("subject.show", "請求内容の閲覧", "Request looked at"),
    ("subject.export", "開示", "Handed out"),
    ("subject.provision", "第三者提供記録の開示", "Provision handed out"),
    ("subject.correct", "訂正", "Corrected"),
    ("subject.stop", "利用停止", "Use stopped"),
    ("subject.erase", "本人の請求による消去", "Person erased"),
    ("token.add", "APIトークンの発行", "Token made"),
    ("token.revoke", "APIトークンの失効", "Token revoked"),
    ("visitor.erase", "訪問者本人による消去", "Erased by a visitor"),
    ("webhook.add", "Webhookの追加", "Webhook added"),
    ("webhook.enable", "Webhookの再開", "Webhook enabled"),
    ("webhook.disable", "Webhookの停止", "Webhook disabled"),
    ("webhook.remove", "Webhookの削除", "Webhook removed"),
    ("webhook.rotate", "Webhookの鍵の更新", "Webhook secret renewed"),
];

/// What an action is called; by its own name where it has no other.
#[must_use]
pub fn action(t: Tongue, name: &str) -> String {
    let known = ACTIONS.iter().find(|(own, ..)| *own == name);
    known.map_or_else(|| name.to_owned(), |(_, ja, en)| t.say(*ja, *en).to_owned())
}

/// Kinds of who did it.
pub(super) const KINDS: [(&str, &str, &str); 5] = [
    ("account", "管理画面の利用者（全員）", "Everybody with an account"),
    ("command", "コマンドライン", "The command line"),
    ("token", "APIトークン", "API tokens"),
    ("job", "自動処理", "The collector itself"),
    ("visitor", "サイトの訪問者", "Visitors"),
];

/// The words of a table for a name; the name itself where it has none.
pub(super) fn of<'n>(t: Tongue, table: &'n [(&str, &'n str, &'n str)], name: &'n str) -> &'n str {
    table.iter().find(|(own, ..)| *own == name).map_or(name, |(_, ja, en)| t.say(*ja, *en))
}

/// The kind of who did it.
pub(super) fn actor(t: Tongue, kind: &str) -> &str {
    of(t, &KINDS, kind)
}

const JOBS: [(&str, &str, &str); 5] = [
    ("log_in", "ログインの記録", "log-ins that failed"),
    ("months", "期限を過ぎた月の整理", "months that are over"),
    ("retention", "保存期限の管理", "retention"),
    ("rewrap", "鍵の更新", "renewal of keys"),
    ("webhooks", "Webhookの送信", "webhooks"),
];

/// Which task of the collector it was.
pub(super) fn job(t: Tongue, name: &str) -> &str {
    of(t, &JOBS, name)
}

const OBJECTS: [(&str, &str, &str); 13] = [
    ("approval", "承認の依頼", "approval"),
    ("decision", "同意の記録", "decision"),
    ("edition", "サイトファイルの版", "edition of the site file"),
    ("form", "フォーム", "form"),
    ("lead", "リード", "lead"),
    ("lead_key", "リードの鍵", "lead key"),
    ("request", "請求", "request"),
    ("rule", "保存規則", "rule"),
    ("score_rule", "スコアの規則", "rule of scores"),
    ("segment", "セグメント", "segment"),
    ("site", "サイト", "site"),
    ("token", "トークン", "token"),
    ("webhook", "Webhook", "webhook"),
];

/// To what kind of thing it was done.
pub(super) fn object(t: Tongue, kind: &str) -> &str {
    of(t, &OBJECTS, kind)
}
