//! Which names the hits may mean, and how well: clusters of hits that stand close together.

use super::{Candidate, Cluster, FITS, Fit, HEAVY, Hit, Run, near};
use crate::index::{KIND, Lemma, Owner};
use smallvec::SmallVec;
use std::collections::BinaryHeap;

impl Run<'_> {
    /// Every name that the hits may mean, scored.
    pub(super) fn candidates(&self, hits: &[Hit], walls: u64, costs: u64) -> BinaryHeap<Candidate> {
        let mut names: Vec<(u32, Owner)> = Vec::with_capacity(64);
        let mut light = 0_u64;
        for hit in hits {
            let postings = self.index.postings(hit.lemma);
            if postings.len() <= HEAVY {
                light |= hit.mask;
                names.extend(
                    postings
                        .iter()
                        .map(|p| (p.name, self.index.names[p.name as usize].owner)),
                );
            }
        }
        // Common words are tried on their own only where nothing rarer stands beside them.
        let heavy: SmallVec<[&Hit; 8]> = hits
            .iter()
            .filter(|h| self.index.postings(h.lemma).len() > HEAVY)
            .collect();
        for (i, hit) in heavy.iter().enumerate() {
            let neighbours = hit.mask << 1 | hit.mask >> 1;
            if let Some(other) = heavy[i + 1..].iter().find(|o| o.mask & neighbours != 0) {
                self.both(hit.lemma, other.lemma, &mut names);
            }
            if light & neighbours == 0 && (hit.mask & light) == 0 {
                let first = self.index.postings(hit.lemma).iter().take(FITS + 1);
                names.extend(first.map(|p| (p.name, self.index.names[p.name as usize].owner)));
            }
        }
        names.sort_unstable();
        names.dedup();
        let mut heap = Vec::with_capacity(names.len());
        for (name, owner) in names {
            heap.extend(self.score(hits, name, owner, u64::MAX, walls, costs));
        }
        BinaryHeap::from(heap)
    }

    /// Names that have both lemmas, by walking the longer list of postings in leaps.
    pub(super) fn both(&self, a: Lemma, b: Lemma, names: &mut Vec<(u32, Owner)>) {
        let (mut short, mut long) = (self.index.postings(a), self.index.postings(b));
        if short.len() > long.len() {
            std::mem::swap(&mut short, &mut long);
        }
        let mut found = 0;
        for posting in short {
            let mut step = 1;
            while step < long.len() && long[step].name < posting.name {
                step *= 2;
            }
            let reach = long.len().min(step + 1);
            let skip = long[..reach].partition_point(|p| p.name < posting.name);
            long = &long[skip..];
            match long.first() {
                None => return,
                Some(p) if p.name == posting.name => {
                    names.push((posting.name, self.index.names[posting.name as usize].owner));
                    found += 1;
                    if found > HEAVY {
                        return;
                    }
                }
                Some(_) => {}
            }
        }
    }

    /// The places in the run where a name stands, with how well: one candidate for each cluster of its
    /// words, using only the tokens in `free`.
    pub(super) fn score(
        &self,
        hits: &[Hit],
        name: u32,
        owner: Owner,
        free: u64,
        walls: u64,
        costs: u64,
    ) -> SmallVec<[Candidate; 2]> {
        let words = self.index.name_words(name);

        let mut out: SmallVec<[Candidate; 2]> = SmallVec::new();
        let mut cluster = Cluster::default();
        // A value's words stand together; a title's may have others between.
        let walls = if matches!(owner, Owner::Value(_)) {
            walls | costs
        } else {
            walls
        };
        let category_only = |lemma: Lemma| {
            matches!(owner, Owner::Product(_))
                && self
                    .index
                    .postings(lemma)
                    .binary_search_by_key(&(name, KIND), |p| (p.name, p.place))
                    .is_ok()
        };
        for hit in hits {
            if hit.mask & !free != 0 {
                continue;
            }
            let place = words
                .iter()
                .enumerate()
                .position(|(i, w)| w.lemma == hit.lemma && cluster.places & (1 << i) == 0);
            let kind = place.is_none() && category_only(hit.lemma);
            if place.is_none() && !kind {
                if let Some(i) = words.iter().position(|w| w.lemma == hit.lemma) {
                    // The word comes again: a new cluster may begin here.
                    if cluster.mask & hit.mask == 0 {
                        self.close(&mut cluster, name, owner, costs, &mut out);
                        cluster = Cluster::default();
                        self.take(&mut cluster, hit, Some(i), name);
                    }
                }
                continue;
            }
            // The category's word counts only right beside the name: "ham sandwich".
            if kind && cluster.mask != 0 && cluster.mask & (hit.mask << 1 | hit.mask >> 1) == 0 {
                continue;
            }
            let apart = cluster.mask != 0 && !near(cluster.mask, hit.mask, walls);
            if apart {
                self.close(&mut cluster, name, owner, costs, &mut out);
                cluster = Cluster::default();
            }
            let place = if apart {
                words.iter().position(|w| w.lemma == hit.lemma)
            } else {
                place
            };
            self.take(&mut cluster, hit, place, name);
        }
        self.close(&mut cluster, name, owner, costs, &mut out);
        out
    }

    pub(super) fn take(&self, cluster: &mut Cluster, hit: &Hit, place: Option<usize>, name: u32) {
        let words = self.index.name_words(name);
        let name = &self.index.names[name as usize];
        let (len, product) = (words.len(), matches!(name.owner, Owner::Product(_)));
        cluster.mask |= hit.mask;
        cluster.count += 1.0;
        let weight = self.index.weight(hit.lemma);
        let Some(i) = place else {
            cluster.kinds += 1;
            cluster.quality += hit.quality;
            cluster.score += 0.3 * weight * hit.quality;
            return;
        };

        let word = &words[i];
        cluster.places |= 1 << i;
        // The form itself is better than its plural, either better than a guess.
        let quality = if hit.quality > 0.999 && word.form != hit.form {
            0.985
        } else {
            hit.quality
        };
        cluster.quality += quality;
        let head = if product {
            self.index.is_head(i, len)
        } else {
            i + 1 == len
        };
        cluster.head |= head;
        if word.silent {
            cluster.score += 0.02;
        } else {
            cluster.score += weight * quality;
            cluster.said += weight;
        }
        let function = hit.function || (hit.common && product);
        cluster.content |= !hit.numeric
            && !word.silent
            && (!function || len == 1 || (hit.unit && head && product && name.main));
        cluster.content |= hit.measure && cluster.numeric;
        cluster.numeric |= hit.numeric;
    }

    pub(super) fn close(
        &self,
        cluster: &mut Cluster,
        name: u32,
        owner: Owner,
        costs: u64,
        out: &mut SmallVec<[Candidate; 2]>,
    ) {
        if cluster.mask == 0 {
            return;
        }
        let info = &self.index.names[name as usize];
        let share = if info.weight > 0.0 {
            cluster.said / info.weight
        } else {
            0.0
        };
        let full = share > 0.999
            || (info.weight == 0.0 && cluster.places.count_ones() == u32::from(info.len));
        // A name's number alone, or its `with` and `and`, do not name it.
        if !cluster.content && !full && (cluster.kinds == 0 || cluster.places != 0) {
            return;
        }
        if full
            && !cluster.content
            && info.len == 1
            && cluster.numeric
            && matches!(owner, Owner::Product(_))
        {
            return;
        }
        let span = 64 - cluster.mask.leading_zeros() - cluster.mask.trailing_zeros();
        let inside = (((1_u128 << span) - 1) as u64) << cluster.mask.trailing_zeros();
        let strays = (inside & !cluster.mask & costs).count_ones();
        let quality = cluster.quality / cluster.count;
        let vague = !full && matches!(owner, Owner::Value(_));
        let score = cluster.score
            + if full {
                0.3
            } else if vague {
                -0.3
            } else {
                0.0
            }
            - if full { 0.2 } else { 0.6 } * strays as f32
            - if info.main { 0.0 } else { 0.001 };
        let id = match owner {
            Owner::Product(id) | Owner::Value(id) => id,
        };
        out.push(Candidate {
            owner,
            name,
            mask: cluster.mask,
            score,
            fit: Fit {
                id,
                score,
                full,
                share,
                quality,
                head: cluster.head,
                main: info.main,
            },
        });
    }
}
