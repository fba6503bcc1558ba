PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE _sqlx_migrations (
    version BIGINT PRIMARY KEY,
    description TEXT NOT NULL,
    installed_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
    success BOOLEAN NOT NULL,
    checksum BLOB NOT NULL,
    execution_time BIGINT NOT NULL
);
INSERT INTO _sqlx_migrations VALUES(1,'first','2026-11-25 18:29:55',1,X'068d0529af1b935c0a8c1943a54d1ee25595ccf44c74ad5eb821eabd54e896ae385079c4687af45b710948024341cf9b',1379438);
INSERT INTO _sqlx_migrations VALUES(2,'statistics','2026-11-25 18:29:55',1,X'e487e7d6c498c6a34f4c455fecf5160f4795f6c6cf706e14fe04e42cba30059f3225acbadacaa55edc788cab7acf854f',542470);
CREATE TABLE site (
    id       BIGINT NOT NULL PRIMARY KEY,
    key      TEXT   NOT NULL UNIQUE,
    edition  BIGINT NOT NULL
);
INSERT INTO site VALUES(1,'shop',1);
CREATE TABLE policy (
    site_id    BIGINT NOT NULL REFERENCES site (id),
    edition    BIGINT NOT NULL,
    revision   BIGINT NOT NULL,
    material   TEXT   NOT NULL,
    wording    TEXT   NOT NULL,
    document   TEXT   NOT NULL,
    applied_at BIGINT NOT NULL,
    PRIMARY KEY (site_id, edition)
);
INSERT INTO policy VALUES(1,1,1,'UTuQ1Sv0ySl-z2lZvu-p81G7z7ed4ZQyJWntmJG_9h4','GOdekO5i9cj35d6vUN_11nlOVWLtzL-9rR1vhJYpfls','{"key":"shop","languages":["ja","en"],"origins":["https://shop.example"],"timezone":"Asia/Tokyo","consent_days":180,"visitor_days":365,"url_parameters":["utm_source","utm_medium","utm_campaign"],"name":{"en":"Hiyori Home Goods","ja":"ひより道具店"},"controller":{"name":{"en":"Hiyori Home Goods K.K.","ja":"株式会社ひより道具店"},"representative":{"en":"Madoka Hiyori, President","ja":"代表取締役 日和 まどか"},"address":{"en":"1-2 Ashiato-cho, Nakagyo-ku, Kyoto, Japan","ja":"京都市中京区足跡町1-2"},"contact":"privacy@hiyori.example","complaints":{"name":{"en":"Kurashi Privacy Helpdesk","ja":"一般社団法人 くらしの個人情報相談室"},"contact":"https://soudan.example/form"}},"banner":{"version":"default","layout":"bar","corner":"bottom_start","theme":"auto","control":"floating"},"gpc":{"purposes":["marketing"]},"consent_mode":{"wait_for_update":500,"ads_data_redaction":true,"url_passthrough":false,"regions":[{"regions":["JP","US-CA"],"granted":["security_storage"]}]},"purposes":[{"key":"necessary","kind":"necessary","name":{"en":"Necessary","ja":"必要なもの"},"use":{"en":"Used to remember your choice about cookies.","ja":"Cookieについてのお客さまの選択を覚えておくために使います。"},"services":[{"key":"ashiato_consent","name":{"en":"Your choice","ja":"選択の記録"},"provider":{"name":"株式会社ひより道具店","country":"JP"},"external":false,"sends":{"en":"What you chose and when, and the address of the page","ja":"選択の内容と日時、選択したページのURL"},"use":{"en":"To keep your choice on the next page and to hold proof of consent","ja":"選択を次のページでも保ち、同意の証拠を残すため"},"retention_days":1095,"hosts":[],"cookies":[{"name":"ashiato_consent","days":180,"use":{"en":"What you chose","ja":"選択の内容"}}],"storage":[{"name":"local:ashiato_pending","until_deleted":true,"use":{"en":"A withdrawal that has not arrived yet (gone once it has)","ja":"まだ届いていない取り消しの控え（届くと消えます）"}}],"events":[],"consent_mode":[]}]},{"key":"functional","kind":"optional","name":{"en":"Videos","ja":"動画の再生"},"use":{"en":"Used to play product videos inside the page.","ja":"商品の使い方の動画を、ページの中で再生するために使います。"},"services":[{"key":"video","name":{"en":"Video player","ja":"動画プレーヤー"},"provider":{"name":"Nagare Video Inc.","country":"US","policy":"https://nagare.example/privacy"},"external":true,"sends":{"en":"IP address, browser type, the address of the product page","ja":"IPアドレス、ブラウザーの種類、見ている商品のページのURL"},"use":{"en":"To deliver the video and count how often it is played","ja":"動画を配信し、再生回数を数えるため"},"their_use":{"en":"To balance the load of its video servers and to detect fraudulent playback","ja":"配信サーバーの負荷を調整し、不正な再生を見つけるため"},"retention_days":90,"hosts":["localhost"],"cookies":[],"events":[],"consent_mode":[]}]},{"key":"analytics","kind":"optional","name":{"en":"Analytics","ja":"利用状況の分析"},"use":{"en":"Used to count which pages are viewed, so that we can revise our range and the way pages lead to it.","ja":"どのページがどれだけ見られたかを集計し、品ぞろえとページの案内を見直すために使います。"},"services":[{"key":"ashiato","name":{"en":"Ashiato analytics","ja":"Ashiato アクセス解析"},"provider":{"name":"株式会社ひより道具店","country":"JP"},"external":false,"sends":{"en":"Addresses and titles of pages viewed, how far and how long they were read, what was clicked, links to other sites, files downloaded, names of forms used (never what was written in them), when, and a visitor number","ja":"見たページのURLと題名、どこまで読んだかと見ていた時間、クリックした項目と外部リンク、ダウンロードしたファイル、使ったフォームの名前（入力した内容は送りません）、日時、訪問者番号"},"use":{"en":"To count views and visitors by page and day, and how pages are read","ja":"ページごとの閲覧数・訪問者数・読まれ方を日ごとに集計するため"},"retention_days":395,"hosts":[],"cookies":[{"name":"ashiato_visitor","days":365,"use":{"en":"A number that ties together views from one browser","ja":"同じブラウザーからの閲覧をまとめる番号"}}],"storage":[{"name":"local:ashiato_queue","days":2,"use":{"en":"Views that are waiting to be sent","ja":"送信を待っている閲覧の記録"}}],"events":["page_view","click","add_to_cart","scroll","user_engagement","outbound_click","file_download","form_start","form_submit"],"consent_mode":[]},{"key":"kazoeru","name":{"en":"Kazoeru tag","ja":"かぞえるタグ"},"provider":{"name":"Kazoeru合同会社","country":"JP","policy":"https://kazoeru.example/privacy"},"external":true,"sends":{"en":"Addresses of pages viewed, screen size","ja":"見たページのURL、画面の大きさ"},"use":{"en":"To count views by screen size","ja":"画面の大きさごとの閲覧数を集計するため"},"their_use":{"en":"To find faults in its counting software","ja":"集計の仕組みに不具合がないかを調べるため"},"retention_days":395,"hosts":["localhost"],"cookies":[{"name":"kazoeru_id","days":365,"use":{"en":"Counting views","ja":"閲覧回数の集計"}}],"storage":[{"name":"local:kazoeru_last","days":30,"use":{"en":"The day of your last visit","ja":"前回ご覧になった日"}}],"events":[],"consent_mode":["analytics_storage"]}]},{"key":"marketing","kind":"optional","name":{"en":"Advertising","ja":"広告の効果測定"},"use":{"en":"Used to measure which advertisement led to a visit or purchase and to choose where we advertise.","ja":"どの広告から来店・購入されたかを測り、広告を出す場所を選ぶために使います。"},"services":[{"key":"campaigns","name":{"en":"Campaign records","ja":"広告の記録"},"provider":{"name":"株式会社ひより道具店","country":"JP"},"external":false,"sends":{"en":"Name and place of the advertisement (utm_source, utm_medium and utm_campaign of the link), address and title of the page it led to, when, and a visitor number","ja":"広告の名前と掲載先（リンクのutm_source・utm_medium・utm_campaign）、最初に開いたページのURLと題名、日時、訪問者番号"},"use":{"en":"To count visits by advertisement","ja":"広告ごとの来店数を数えるため"},"retention_days":180,"hosts":[],"cookies":[],"events":["campaign_visit"],"consent_mode":["ad_storage","ad_user_data"]}]},{"key":"lead_link","kind":"lead_link","name":{"en":"Linking browsing to your details","ja":"閲覧履歴とお名前の結びつけ"},"use":{"en":"When you send us a form, pages you view from then on are tied to your name and contact details, so that we can answer according to your interests.","ja":"お問い合わせフォームを送られたとき、その後の閲覧履歴をお名前・連絡先と結びつけ、ご関心に沿ったご案内に使います。"},"retention_days":395,"services":[]}],"forms":[{"key":"contact","name":{"en":"Contact","ja":"お問い合わせ"},"use":{"en":"Used to answer your enquiry and to keep a record of it.","ja":"お問い合わせへのご返答と、その記録のために使います。"},"retention_days":1095,"fields":[{"key":"name","type":"text","required":true,"max":100,"name":{"en":"Name","ja":"お名前"}},{"key":"email","type":"email","required":true,"max":254,"name":{"en":"E-mail","ja":"メールアドレス"}},{"key":"message","type":"long_text","required":true,"max":4000,"name":{"en":"Message","ja":"お問い合わせ内容"}}],"agreements":[{"key":"email_marketing","text":{"en":"E-mail me about new products (I can stop this at any time)","ja":"新商品のお知らせをメールで受け取る（いつでも停止できます）"}}]}]}',1795631395458);
CREATE TABLE visitor (
    site_id    BIGINT NOT NULL REFERENCES site (id),
    hash       BLOB   NOT NULL,
    id         INTEGER PRIMARY KEY,
    receipt     BLOB,
    revision    BIGINT NOT NULL,
    expires     BIGINT NOT NULL,
    decided_at  BIGINT NOT NULL,
    recorded_at BIGINT NOT NULL,
    UNIQUE (site_id, id),
    UNIQUE (site_id, hash)
);
INSERT INTO visitor VALUES(1,X'f6cf030aacc4a0cdf3456994d8933795',1,X'960b942f28577238f2ddd3a20fbd1564',1,1811183396045,1795631396041,1795631396045);
INSERT INTO visitor VALUES(1,X'b47369e88b2d2295c402f4bae9b3abb0',2,X'ffa2ef510eeba25c9aa502e97a62aec8',1,1811183396098,1795631396089,1795631396098);
CREATE TABLE log_leaf (
    idx  BIGINT NOT NULL PRIMARY KEY,
    hash BLOB   NOT NULL
);
INSERT INTO log_leaf VALUES(0,X'ed1295aa304e9e64d2822546f884e576b568a1066fb0480b113c354ff3d153ca');
INSERT INTO log_leaf VALUES(1,X'f80f60408b1cfdf225c71ddfcdb22decdf026aeb60d75b93dc412d3d1ab02c96');
INSERT INTO log_leaf VALUES(2,X'46ca497b7738e6c0a2efe809bc04b8a17b812dd8ae461bc37b84d51ff71df7d9');
INSERT INTO log_leaf VALUES(3,X'635c4baf0cef3ea40cf18e1ae49af0eeaef99374dc98509d7cf7c3140a6af55f');
CREATE TABLE decision (
    site_id     BIGINT NOT NULL REFERENCES site (id),
    id          BLOB   NOT NULL,
    session     BLOB   NOT NULL, -- SHA-256 of its id and the session that sent it
    visitor_id  BIGINT,
    receipt_id  BLOB,
    edition     BIGINT NOT NULL,
    method      TEXT   NOT NULL,
    language    TEXT   NOT NULL,
    page        TEXT   NOT NULL,
    banner      TEXT   NOT NULL,
    decided_at  BIGINT NOT NULL,
    recorded_at BIGINT NOT NULL,
    choices     TEXT   NOT NULL,
    receipt     TEXT, -- compact JWS
    salt        BLOB   NOT NULL,
    log_index   BIGINT NOT NULL REFERENCES log_leaf (idx),
    PRIMARY KEY (site_id, id),
    FOREIGN KEY (site_id, edition) REFERENCES policy (site_id, edition),
    FOREIGN KEY (site_id, visitor_id) REFERENCES visitor (site_id, id)
) WITHOUT ROWID;
INSERT INTO decision VALUES(1,X'01a213f8b4c97675901f4c224e1aa4ff',X'a42e077c5bb866f130dd88b94e6fe167d6b4263b5746e48fa02ad2229d5ba165',1,X'960b942f28577238f2ddd3a20fbd1564',1,'custom','ja','https://shop.example/','default',1795631396041,1795631396045,'{"purposes":{"analytics":true,"functional":false,"lead_link":true,"marketing":false},"services":{}}','eyJhbGciOiJFZDI1NTE5Iiwia2lkIjoiSEJQSmd3SFJ1ZU80YmJ2UDZmaVoyM0FfN0UxWTZQMktCSFVaZVN5cjRzMCIsInR5cCI6ImNvbnNlbnQtcmVjZWlwdCtqc29uIn0.eyJzY2hlbWFfdmVyc2lvbiI6ImFzaGlhdG8tcmVjZWlwdC0xIiwicmVjb3JkX2lkIjoibGd1VUx5aFhjamp5M2RPaUQ3MFZaQSIsInBpaV9wcmluY2lwYWxfaWQiOiI5czhEQ3F6RW9NM3pSV21VMkpNM2xRIiwic2l0ZSI6InNob3AiLCJkZWNpc2lvbl9pZCI6IjAxYTIxM2Y4LWI0YzktNzY3NS05MDFmLTRjMjI0ZTFhYTRmZiIsInByZXZpb3VzIjpudWxsLCJyZXZpc2lvbiI6MSwid29yZGluZyI6IkdPZGVrTzVpOWNqMzVkNnZVTl8xMW5sT1ZXTHR6TC05clIxdmhKWXBmbHMiLCJwcml2YWN5X25vdGljZSI6Imh0dHA6Ly9sb2NhbGhvc3Q6ODA4MC9zL3Nob3AvcG9saWN5IiwibGFuZ3VhZ2UiOiJqYSIsInBhZ2UiOiJodHRwczovL3Nob3AuZXhhbXBsZS8iLCJiYW5uZXIiOiJkZWZhdWx0IiwiY29sbGVjdGlvbl9tZXRob2QiOiJjdXN0b20iLCJkZWNpZGVkX2F0IjoxNzk1NjMxMzk2MDQxLCJldmVudF90aW1lIjoxNzk1NjMxMzk2MDQ1LCJ2YWxpZGl0eV9kdXJhdGlvbiI6MTU1NTIwMDAwMDAsInB1cnBvc2VzIjpbeyJwdXJwb3NlIjoiZnVuY3Rpb25hbCIsImV2ZW50X3N0YXRlIjoiQ29uc2VudFJlZnVzZWQiLCJzZXJ2aWNlcyI6W119LHsicHVycG9zZSI6ImFuYWx5dGljcyIsImV2ZW50X3N0YXRlIjoiQ29uc2VudEdpdmVuIiwic2VydmljZXMiOlsiYXNoaWF0byIsImthem9lcnUiXX0seyJwdXJwb3NlIjoibWFya2V0aW5nIiwiZXZlbnRfc3RhdGUiOiJDb25zZW50UmVmdXNlZCIsInNlcnZpY2VzIjpbXX0seyJwdXJwb3NlIjoibGVhZF9saW5rIiwiZXZlbnRfc3RhdGUiOiJDb25zZW50R2l2ZW4iLCJzZXJ2aWNlcyI6W119XSwicGlpX2NvbnRyb2xsZXJzIjpbeyJwYXJ0eV9uYW1lIjoi5qCq5byP5Lya56S-44Gy44KI44KK6YGT5YW35bqXIiwicGFydHlfcm9sZSI6ImNvbnRyb2xsZXIiLCJwYXJ0eV9jb250YWN0IjoicHJpdmFjeUBoaXlvcmkuZXhhbXBsZSJ9XSwid2l0aGRyYXdhbF9tZXRob2QiOiJodHRwOi8vbG9jYWxob3N0OjgwODAvcy9zaG9wL3BvbGljeSIsImxvZyI6eyJpbmRleCI6MH19.nVBzkpeBzp7RtQ84gGJ5gczUZ3HQ6PnDvhMREKC-Fpp8YTkDUR05NC6r_A1pd4_R37reCgd87eT4_p2ENNiLCg',X'1b7c3e49aab896e7780cd6ea85fdf6cf95d975c23f5e4b1fb609bbd63388b799',0);
INSERT INTO decision VALUES(1,X'01a213f8b4f6778c856a6a6dbbb3be02',X'903eed98e8118c86e310ad598ef02823fa795c768d7c2680b694cdb17b274ef2',NULL,NULL,1,'reject_all','ja','https://shop.example/','default',1795631396086,1795631396087,'{"purposes":{"analytics":false,"functional":false,"lead_link":false,"marketing":false},"services":{}}',NULL,X'b7987a36e5eb2763f73abe461aaf4635f9899948753bee40187a493a1712e2b7',1);
INSERT INTO decision VALUES(1,X'01a213f8b4f9700b968fbe27a1e78518',X'1c61593525de5b32e65b4afe579cc797b6632ffc5842f2c9fe89b47894f310fd',2,X'ffa2ef510eeba25c9aa502e97a62aec8',1,'withdraw','ja','https://shop.example/','default',1795631396089,1795631396098,'{"purposes":{"analytics":false,"functional":false,"lead_link":false,"marketing":false},"services":{}}','eyJhbGciOiJFZDI1NTE5Iiwia2lkIjoiSEJQSmd3SFJ1ZU80YmJ2UDZmaVoyM0FfN0UxWTZQMktCSFVaZVN5cjRzMCIsInR5cCI6ImNvbnNlbnQtcmVjZWlwdCtqc29uIn0.eyJzY2hlbWFfdmVyc2lvbiI6ImFzaGlhdG8tcmVjZWlwdC0xIiwicmVjb3JkX2lkIjoiXzZMdlVRN3JvbHlhcFFMcGVtS3V5QSIsInBpaV9wcmluY2lwYWxfaWQiOiJ0SE5wNklzdElwWEVBdlM2NmJPcnNBIiwic2l0ZSI6InNob3AiLCJkZWNpc2lvbl9pZCI6IjAxYTIxM2Y4LWI0ZjktNzAwYi05NjhmLWJlMjdhMWU3ODUxOCIsInByZXZpb3VzIjoiOWJqWlBvckpkRzduRE5CbXY1WERUQSIsInJldmlzaW9uIjoxLCJ3b3JkaW5nIjoiR09kZWtPNWk5Y2ozNWQ2dlVOXzExbmxPVldMdHpMLTlyUjF2aEpZcGZscyIsInByaXZhY3lfbm90aWNlIjoiaHR0cDovL2xvY2FsaG9zdDo4MDgwL3Mvc2hvcC9wb2xpY3kiLCJsYW5ndWFnZSI6ImphIiwicGFnZSI6Imh0dHBzOi8vc2hvcC5leGFtcGxlLyIsImJhbm5lciI6ImRlZmF1bHQiLCJjb2xsZWN0aW9uX21ldGhvZCI6IndpdGhkcmF3IiwiZGVjaWRlZF9hdCI6MTc5NTYzMTM5NjA4OSwiZXZlbnRfdGltZSI6MTc5NTYzMTM5NjA5OCwidmFsaWRpdHlfZHVyYXRpb24iOjE1NTUyMDAwMDAwLCJwdXJwb3NlcyI6W3sicHVycG9zZSI6ImZ1bmN0aW9uYWwiLCJldmVudF9zdGF0ZSI6IkNvbnNlbnRSZWZ1c2VkIiwic2VydmljZXMiOltdfSx7InB1cnBvc2UiOiJhbmFseXRpY3MiLCJldmVudF9zdGF0ZSI6IkNvbnNlbnRXaXRoZHJhd24iLCJzZXJ2aWNlcyI6W119LHsicHVycG9zZSI6Im1hcmtldGluZyIsImV2ZW50X3N0YXRlIjoiQ29uc2VudFJlZnVzZWQiLCJzZXJ2aWNlcyI6W119LHsicHVycG9zZSI6ImxlYWRfbGluayIsImV2ZW50X3N0YXRlIjoiQ29uc2VudFJlZnVzZWQiLCJzZXJ2aWNlcyI6W119XSwicGlpX2NvbnRyb2xsZXJzIjpbeyJwYXJ0eV9uYW1lIjoi5qCq5byP5Lya56S-44Gy44KI44KK6YGT5YW35bqXIiwicGFydHlfcm9sZSI6ImNvbnRyb2xsZXIiLCJwYXJ0eV9jb250YWN0IjoicHJpdmFjeUBoaXlvcmkuZXhhbXBsZSJ9XSwid2l0aGRyYXdhbF9tZXRob2QiOiJodHRwOi8vbG9jYWxob3N0OjgwODAvcy9zaG9wL3BvbGljeSIsImxvZyI6eyJpbmRleCI6M319.UQFEtDL3Bgq4KlBsfYw43E0c17DlK4mcTCNOzAhSBunLgxSAAzsqR0KPbXxAjmgTWd4HS6-8f8rXxYwV9Pi1CA',X'a9c651766efa67d7f42372f323cd4b1860855c2056e5ca59c99c3c8801a71df1',3);
INSERT INTO decision VALUES(1,X'01a213f8b4f9771d8cb9b7bd899e359d',X'c174767256951195f14fcc40c4c9814a82f1071fc67e2b750600100b75b2873c',2,X'f5b8d93e8ac9746ee70cd066bf95c34c',1,'custom','ja','https://shop.example/','default',1795631396089,1795631396090,'{"purposes":{"analytics":true,"functional":false,"lead_link":false,"marketing":false},"services":{}}','eyJhbGciOiJFZDI1NTE5Iiwia2lkIjoiSEJQSmd3SFJ1ZU80YmJ2UDZmaVoyM0FfN0UxWTZQMktCSFVaZVN5cjRzMCIsInR5cCI6ImNvbnNlbnQtcmVjZWlwdCtqc29uIn0.eyJzY2hlbWFfdmVyc2lvbiI6ImFzaGlhdG8tcmVjZWlwdC0xIiwicmVjb3JkX2lkIjoiOWJqWlBvckpkRzduRE5CbXY1WERUQSIsInBpaV9wcmluY2lwYWxfaWQiOiJ0SE5wNklzdElwWEVBdlM2NmJPcnNBIiwic2l0ZSI6InNob3AiLCJkZWNpc2lvbl9pZCI6IjAxYTIxM2Y4LWI0ZjktNzcxZC04Y2I5LWI3YmQ4OTllMzU5ZCIsInByZXZpb3VzIjpudWxsLCJyZXZpc2lvbiI6MSwid29yZGluZyI6IkdPZGVrTzVpOWNqMzVkNnZVTl8xMW5sT1ZXTHR6TC05clIxdmhKWXBmbHMiLCJwcml2YWN5X25vdGljZSI6Imh0dHA6Ly9sb2NhbGhvc3Q6ODA4MC9zL3Nob3AvcG9saWN5IiwibGFuZ3VhZ2UiOiJqYSIsInBhZ2UiOiJodHRwczovL3Nob3AuZXhhbXBsZS8iLCJiYW5uZXIiOiJkZWZhdWx0IiwiY29sbGVjdGlvbl9tZXRob2QiOiJjdXN0b20iLCJkZWNpZGVkX2F0IjoxNzk1NjMxMzk2MDg5LCJldmVudF90aW1lIjoxNzk1NjMxMzk2MDkwLCJ2YWxpZGl0eV9kdXJhdGlvbiI6MTU1NTIwMDAwMDAsInB1cnBvc2VzIjpbeyJwdXJwb3NlIjoiZnVuY3Rpb25hbCIsImV2ZW50X3N0YXRlIjoiQ29uc2VudFJlZnVzZWQiLCJzZXJ2aWNlcyI6W119LHsicHVycG9zZSI6ImFuYWx5dGljcyIsImV2ZW50X3N0YXRlIjoiQ29uc2VudEdpdmVuIiwic2VydmljZXMiOlsiYXNoaWF0byIsImthem9lcnUiXX0seyJwdXJwb3NlIjoibWFya2V0aW5nIiwiZXZlbnRfc3RhdGUiOiJDb25zZW50UmVmdXNlZCIsInNlcnZpY2VzIjpbXX0seyJwdXJwb3NlIjoibGVhZF9saW5rIiwiZXZlbnRfc3RhdGUiOiJDb25zZW50UmVmdXNlZCIsInNlcnZpY2VzIjpbXX1dLCJwaWlfY29udHJvbGxlcnMiOlt7InBhcnR5X25hbWUiOiLmoKrlvI_kvJrnpL7jgbLjgojjgorpgZPlhbflupciLCJwYXJ0eV9yb2xlIjoiY29udHJvbGxlciIsInBhcnR5X2NvbnRhY3QiOiJwcml2YWN5QGhpeW9yaS5leGFtcGxlIn1dLCJ3aXRoZHJhd2FsX21ldGhvZCI6Imh0dHA6Ly9sb2NhbGhvc3Q6ODA4MC9zL3Nob3AvcG9saWN5IiwibG9nIjp7ImluZGV4IjoyfX0.Bmreo3Q084IDRYn19XvRnPr5UJd2TOkVe84VIADxwP0y1-soSEl8_-ulmZmNDeEdFztbu2vXlGlcbbuNECQsDQ',X'3979812437d74c30d223aaff67d4a05d11df797e5f728d40f30914197a443305',2);
CREATE TABLE consent_grant (
    site_id    BIGINT NOT NULL,
    id         INTEGER PRIMARY KEY,
    visitor_id BIGINT NOT NULL,
    receipt_id BLOB   NOT NULL,
    purpose    TEXT   NOT NULL,
    service    TEXT   NOT NULL, -- '' where the purpose has none
    since      BIGINT NOT NULL,
    UNIQUE (site_id, id),
    UNIQUE (site_id, visitor_id, receipt_id, purpose, service),
    FOREIGN KEY (site_id, visitor_id) REFERENCES visitor (site_id, id) ON DELETE CASCADE
);
INSERT INTO consent_grant VALUES(1,1,1,X'960b942f28577238f2ddd3a20fbd1564','analytics','ashiato',1795631396041);
INSERT INTO consent_grant VALUES(1,2,1,X'960b942f28577238f2ddd3a20fbd1564','analytics','kazoeru',1795631396041);
INSERT INTO consent_grant VALUES(1,3,1,X'960b942f28577238f2ddd3a20fbd1564','lead_link','',1795631396041);
CREATE TABLE event (
    site_id    BIGINT NOT NULL,
    id         BLOB   NOT NULL,
    grant_id   BIGINT NOT NULL,
    name       TEXT   NOT NULL,
    at         BIGINT NOT NULL,
    day        BIGINT NOT NULL,
    page       TEXT   NOT NULL,
    query      TEXT   NOT NULL,
    title      TEXT   NOT NULL,
    referrer   TEXT   NOT NULL,
    properties TEXT,
    PRIMARY KEY (site_id, id),
    FOREIGN KEY (site_id, grant_id) REFERENCES consent_grant (site_id, id) ON DELETE CASCADE
) WITHOUT ROWID;
INSERT INTO event VALUES(1,X'01a213f8b4c9708e8742e872de03476c',1,'page_view',1795631396041,20783,'/','','ひより道具店','','{"plan":"pro"}');
INSERT INTO event VALUES(1,X'01a213f8b4c970ed980e111c688d2665',1,'click',1795631396041,20783,'/','','ひより道具店','','{"plan":"pro"}');
INSERT INTO event VALUES(1,X'01a213f8b4c9786babf8336159671f61',1,'page_view',1795631396041,20783,'/','','ひより道具店','','{"plan":"pro"}');
INSERT INTO event VALUES(1,X'01a213f8b4ef72dca44c9451e7bcf0b4',1,'page_view',1795631396079,20783,'/','','ひより道具店','','{"plan":"pro"}');
CREATE TABLE lead (
    site_id     BIGINT NOT NULL REFERENCES site (id),
    id          BLOB   NOT NULL,
    request     BLOB   NOT NULL, -- the signature it came with: sent again, it counts once
    form        TEXT   NOT NULL,
    fields      TEXT   NOT NULL,
    agreements  TEXT   NOT NULL,
    page        TEXT   NOT NULL,
    received_at BIGINT NOT NULL,
    PRIMARY KEY (site_id, id),
    UNIQUE (site_id, request)
);
INSERT INTO lead VALUES(1,X'888659cca8b20e8c947bb672571c09f7',X'18f56bb8d6bb019fa69e2a45c585d58502823b2589d538f760fb66c926adf8ca','contact','{"email":"hanako@example.jp","message":"こんにちは","name":"足跡 花子"}','{"email_marketing":true}','https://shop.example/contact',1795631396066);
CREATE TABLE lead_link (
    site_id   BIGINT NOT NULL,
    lead_id   BLOB   NOT NULL,
    grant_id  BIGINT NOT NULL,
    linked_at BIGINT NOT NULL,
    PRIMARY KEY (site_id, lead_id),
    FOREIGN KEY (site_id, lead_id) REFERENCES lead (site_id, id) ON DELETE CASCADE,
    FOREIGN KEY (site_id, grant_id) REFERENCES consent_grant (site_id, id) ON DELETE CASCADE
);
INSERT INTO lead_link VALUES(1,X'888659cca8b20e8c947bb672571c09f7',3,1795631396066);
CREATE TABLE tally (
    site_id BIGINT NOT NULL REFERENCES site (id),
    day     BIGINT NOT NULL,
    kind    TEXT   NOT NULL,
    detail  TEXT   NOT NULL,
    n       BIGINT NOT NULL,
    PRIMARY KEY (site_id, day, kind, detail)
) WITHOUT ROWID;
INSERT INTO tally VALUES(1,20783,'asked','',1);
INSERT INTO tally VALUES(1,20783,'decided','',3);
INSERT INTO tally VALUES(1,20783,'granted','analytics/ashiato',2);
INSERT INTO tally VALUES(1,20783,'granted','analytics/kazoeru',2);
INSERT INTO tally VALUES(1,20783,'granted','lead_link',1);
CREATE TABLE refusal (
    site_id BIGINT NOT NULL REFERENCES site (id),
    hour    BIGINT NOT NULL,
    reason  TEXT   NOT NULL,
    event   TEXT   NOT NULL,
    n       BIGINT NOT NULL,
    PRIMARY KEY (site_id, hour, reason, event)
) WITHOUT ROWID;
INSERT INTO refusal VALUES(1,498786,'unknown_event','',1);
CREATE TABLE token (
    hash       BLOB   NOT NULL PRIMARY KEY,
    site_id    BIGINT NOT NULL REFERENCES site (id),
    scopes     TEXT   NOT NULL,
    created_at BIGINT NOT NULL
);
INSERT INTO token VALUES(X'16501a9ad5466f3254a862254ab3c256db08d02fbda66fbcb8026172a96216d9',1,'query leads',1795631395469);
ANALYZE sqlite_schema;
INSERT INTO sqlite_stat1 VALUES('event','event','1000000 1000000 1');
INSERT INTO sqlite_stat1 VALUES('event','event_by_grant','1000000 1000000 50 1');
ANALYZE sqlite_schema;
CREATE TRIGGER event_needs_a_grant BEFORE INSERT ON event
WHEN NOT EXISTS (SELECT 1 FROM consent_grant g WHERE g.site_id = NEW.site_id AND g.id = NEW.grant_id)
BEGIN SELECT RAISE(ABORT, 'FOREIGN KEY: an event needs a grant'); END;
CREATE TRIGGER event_keeps_its_grant BEFORE UPDATE OF site_id, grant_id ON event
BEGIN SELECT RAISE(ABORT, 'an event stays under the grant that it was taken under'); END;
CREATE INDEX event_by_grant ON event (site_id, grant_id);
CREATE TRIGGER lead_link_needs_a_grant BEFORE INSERT ON lead_link
WHEN NOT EXISTS (SELECT 1 FROM consent_grant g WHERE g.site_id = NEW.site_id AND g.id = NEW.grant_id)
BEGIN SELECT RAISE(ABORT, 'FOREIGN KEY: a link needs a grant'); END;
CREATE TRIGGER lead_link_keeps_its_grant BEFORE UPDATE OF site_id, grant_id ON lead_link
BEGIN SELECT RAISE(ABORT, 'a link stays under the grant that it was made under'); END;
CREATE TRIGGER a_grant_takes_with_it_what_rests_on_it AFTER DELETE ON consent_grant
BEGIN
    DELETE FROM event WHERE site_id = OLD.site_id AND grant_id = OLD.id;
    DELETE FROM lead_link WHERE site_id = OLD.site_id AND grant_id = OLD.id;
END;
CREATE INDEX lead_link_by_grant ON lead_link (site_id, grant_id);
COMMIT;
