"""The page's unchanging part; `@@NAME@@` marks what `compose_page` puts in."""

TEMPLATE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<title>Dongsun twin: @@STORE@@ / @@SPLIT@@</title>
<style>
:root{color-scheme:light dark;--ink:#1d2430;--soft:#66707f;--paper:#f5f6f8;--card:#fff;--edge:#d8dce3;--floor:#eef0f3;--shelf:#c3c8d1}
@media(prefers-color-scheme:dark){:root{--ink:#e7eaf0;--soft:#9aa4b3;--paper:#14171c;--card:#1d2128;--edge:#343a45;--floor:#262b33;--shelf:#4a5260}}
*{box-sizing:border-box}body{margin:0;font:15px/1.45 system-ui,"Noto Sans KR",sans-serif;color:var(--ink);background:var(--paper)}
header,main{max-width:1500px;margin:auto;padding:12px 18px}h1{font-size:1.25rem;margin:0}h2{font-size:1rem;margin:0 0 8px}
header p{margin:2px 0;color:var(--soft)}.card{background:var(--card);border:1px solid var(--edge);border-radius:10px;padding:12px}
main{display:grid;grid-template-columns:minmax(280px,1fr) minmax(0,2fr);gap:14px;align-items:start}
#bar{grid-column:1/-1;display:flex;gap:14px;align-items:center;position:sticky;top:0;z-index:2}#bar input{flex:1}
#bar button{font:inherit;padding:6px 16px;border-radius:8px;border:1px solid var(--edge);background:#2563c9;color:#fff;cursor:pointer}
#time{font-variant-numeric:tabular-nums;min-width:5.5em;text-align:right}
#plan{width:100%;max-height:70vh;display:block}.pictures{display:grid;grid-template-columns:repeat(auto-fit,minmax(340px,1fr));gap:12px}
figure{margin:0}figure svg{width:100%;display:block;border-radius:6px;background:#000}figcaption{color:var(--soft);font-size:.9rem}
.floor{fill:var(--floor);stroke:var(--ink);stroke-width:.09}.shelf{fill:var(--shelf)}.counter{fill:#b98a4b}
.wall{stroke:var(--ink);stroke-width:.12}.door{stroke:var(--floor);stroke-width:.2}.queue{fill:none;stroke:#b98a4b;stroke-width:.06;stroke-dasharray:.15 .15}
#plan .line{stroke:#d63b3b;stroke-width:.08;fill:none}#plan .zone{fill:#1f9d7a33;stroke:#1f9d7a;stroke-width:.05}
.camera{fill:#7a3fd1}.wedge{fill:#7a3fd122;stroke:none}.doll{fill:#888}.person{fill:#2563c9}.staff{fill:#e08a1e}.nose{stroke:#fff;stroke-width:.07}
figure .line{stroke:#ff4a4a;stroke-width:3;fill:none}figure .zone{fill:#1fd1a022;stroke:#1fd1a0;stroke-width:2}
.box{fill:none;stroke:#5aa2ff;stroke-width:2}.box.staff{stroke:#ffb04a;fill:none}.box.hidden{stroke-dasharray:5 4}.tag{font:12px sans-serif;fill:#fff;paint-order:stroke;stroke:#000;stroke-width:3}
#events{max-height:42vh;overflow:auto}table{border-collapse:collapse;width:100%;font-size:.9rem}td,th{padding:2px 6px;text-align:left;border-bottom:1px solid var(--edge)}
tbody tr{cursor:pointer}tr.now{background:#2563c933}.key{color:var(--soft);font-size:.85rem;margin:6px 0 0}
@media(max-width:800px){main{grid-template-columns:1fr}}
</style></head><body>
<header><h1>@@STORE@@ / @@SPLIT@@</h1>
<p>Synthetic: nobody in these pictures exists; the boxes are exact truth, not detections.
<span lang="ko">합성 영상입니다. 화면 속 인물은 실존하지 않으며, 상자는 검출이 아니라 정답입니다.</span></p></header>
<main>
<div id="bar" class="card"><button id="play" type="button">Play · 재생</button>
<input id="slider" type="range" min="0" max="@@LAST@@" value="0" aria-label="Time, 시각"><output id="time"></output><output id="count"></output></div>
<section class="card"><h2>Floor plan · <span lang="ko">평면도</span></h2>@@PLAN@@
<p class="key">blue: visitors · <span lang="ko">파랑: 방문객</span> — orange: staff · <span lang="ko">주황: 직원</span> —
red: counting line · <span lang="ko">빨강: 계수선</span> — green: zone · <span lang="ko">초록: 구역</span> — violet: camera · <span lang="ko">보라: 카메라</span></p></section>
<div><section class="card"><h2>Cameras · <span lang="ko">카메라</span></h2><div class="pictures">@@CAMERAS@@</div>
<p class="key">dashed: less than 40 % visible · <span lang="ko">점선: 40 % 미만만 보임</span></p></section>
<section class="card" style="margin-top:14px"><h2>True events · <span lang="ko">정답 이벤트</span></h2><div id="events"><table>
<thead><tr><th>Time · <span lang="ko">시각</span></th><th>Event · <span lang="ko">이벤트</span></th><th>Camera · <span lang="ko">카메라</span></th><th>Where · <span lang="ko">위치</span></th><th>Person · <span lang="ko">사람</span></th></tr></thead><tbody></tbody></table></div></section></div>
</main>
<script id="data" type="application/json">@@DATA@@</script>
<script>
const D=JSON.parse(document.getElementById("data").textContent),NS="http://www.w3.org/2000/svg";
const $=id=>document.getElementById(id),slider=$("slider"),body=document.querySelector("#events tbody");
const KIND={in:"in · 입장",out:"out · 퇴장",visit:"visit · 체류"};
const make=(name,attributes,parent)=>{const e=document.createElementNS(NS,name);for(const k in attributes)e.setAttribute(k,attributes[k]);parent.appendChild(e);return e};
const staff=id=>id>D.staffFrom;
for(const [t,kind,camera,place,person,lasts] of D.events){const row=body.insertRow();
 const what=(KIND[kind]||kind)+(lasts==null?"":" "+lasts.toFixed(1)+" s");
 for(const v of [t.toFixed(1)+" s",what,camera,place,person])row.insertCell().textContent=v;
 row.dataset.t=t;row.onclick=()=>{let k=D.times.findIndex(v=>v>=t);slider.value=k<0?D.times.length-1:k;show()}}
function show(){const k=+slider.value,t=D.times[k],step=D.times.length>1?D.times[1]-D.times[0]:1;
 $("time").textContent=t.toFixed(1)+" s";$("count").textContent=D.people[k].length+" people · 명";
 const g=$("people");g.textContent="";
 for(const [id,x,y,yaw] of D.people[k]){const c=make("circle",{cx:x,cy:y,r:.24,class:staff(id)?"staff":"person"},g);
  make("title",{},c).textContent=id;make("line",{x1:x,y1:y,x2:x+.24*Math.cos(yaw),y2:y+.24*Math.sin(yaw),class:"nose"},g)}
 for(const svg of document.querySelectorAll("svg[data-camera]")){const name=svg.dataset.camera,b=svg.viewBox.baseVal,boxes=svg.querySelector(".boxes");
  svg.querySelector("image").setAttribute("href","data:image/jpeg;base64,"+D.pictures[name][k]);boxes.textContent="";
  for(const [id,x,y,w,h,seen] of D.cameras[name].boxes[k]){
   make("rect",{x:x*b.width,y:y*b.height,width:w*b.width,height:h*b.height,class:"box"+(staff(id)?" staff":"")+(seen<.4?" hidden":"")},boxes);
   make("text",{x:x*b.width,y:Math.max(12,y*b.height-3),class:"tag"},boxes).textContent=id}}
 let last=null;for(const row of body.rows){const now=Math.abs(row.dataset.t-t)<=step/2;row.className=now?"now":"";if(now)last=row}
 if(last){const box=$("events");box.scrollTop=last.offsetTop-box.clientHeight/2}}
let timer=null;
function stop(){clearInterval(timer);timer=null;$("play").textContent="Play · 재생"}
$("play").onclick=()=>{if(timer)return stop();$("play").textContent="Pause · 정지";
 if(+slider.value>=D.times.length-1)slider.value=0;
 timer=setInterval(()=>{if(+slider.value>=D.times.length-1)return stop();slider.value=+slider.value+1;show()},250)};
slider.oninput=show;if(location.hash.startsWith("#t="))slider.value=location.hash.slice(3);show();
</script></body></html>
"""  # noqa: E501
